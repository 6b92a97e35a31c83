module pintle.example/gotemplate

go 1.27

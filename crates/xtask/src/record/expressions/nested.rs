//! Calls within calls, and actions around them: what single calls do not show.

use super::signatures::Signatures;
use crate::random::Random;

/// How many templates there are.
const COUNT: usize = 3000;

/// How deep calls lie in calls.
const DEPTH: usize = 3;

/// Functions by the kind of argument that their results are good for.
const MAKERS: [(&str, &[&str]); 6] = [
    (
        "str",
        &[
            "upper",
            "lower",
            "title",
            "trim",
            "quote",
            "squote",
            "replace",
            "printf",
            "toString",
            "default",
            "trunc",
            "substr",
            "indent",
            "nindent",
            "repeat",
            "cat",
            "join",
            "toYaml",
            "toJson",
            "b64enc",
            "trimSuffix",
            "print",
            "regexReplaceAll",
            "coalesce",
            "ternary",
            "first",
            "get",
            "sha256sum",
            "kebabcase",
            "snakecase",
            "camelcase",
            "plural",
            "html",
            "urlquery",
            "toPrettyJson",
            "toRawJson",
            "toToml",
            "initials",
            "wrap",
            "abbrev",
            "nospace",
            "untitle",
            "swapcase",
            "contains",
            "date",
            "dir",
            "base",
            "osBase",
            "adler32sum",
            "typeOf",
            "kindOf",
        ],
    ),
    (
        "int",
        &[
            "int",
            "int64",
            "add",
            "add1",
            "sub",
            "mul",
            "div",
            "mod",
            "max",
            "min",
            "len",
            "atoi",
            "ceil",
            "toDecimal",
            "biggest",
            "ternary",
            "default",
        ],
    ),
    (
        "num",
        &[
            "float64", "addf", "subf", "mulf", "divf", "maxf", "minf", "round", "floor", "ceil", "int64",
            "add",
        ],
    ),
    (
        "list",
        &[
            "list",
            "append",
            "prepend",
            "concat",
            "splitList",
            "until",
            "untilStep",
            "seq",
            "sortAlpha",
            "uniq",
            "reverse",
            "keys",
            "values",
            "compact",
            "without",
            "rest",
            "initial",
            "slice",
            "chunk",
            "toStrings",
            "regexFindAll",
            "regexSplit",
            "fromYamlArray",
            "fromJsonArray",
            "pluck",
            "tuple",
            "mustAppend",
        ],
    ),
    (
        "dict",
        &[
            "dict",
            "merge",
            "mergeOverwrite",
            "set",
            "unset",
            "omit",
            "pick",
            "fromYaml",
            "fromJson",
            "split",
            "splitn",
            "deepCopy",
            "urlParse",
            "fromToml",
            "mustMerge",
        ],
    ),
    (
        "any",
        &[
            "default",
            "coalesce",
            "ternary",
            "first",
            "last",
            "get",
            "index",
            "dig",
            "fromYaml",
            "deepCopy",
            "empty",
            "eq",
            "ne",
            "lt",
            "and",
            "or",
            "not",
            "hasKey",
            "has",
            "kindIs",
            "semverCompare",
            "regexMatch",
            "list",
            "dict",
            "int",
            "typeIs",
            "semver",
            "toDate",
            "duration",
            "any",
            "all",
        ],
    ),
];

/// Templates; `<kind>` stands for an expression of that kind. What counts ends early: numbers can be large.
const FRAMES: [&str; 36] = [
    "{{ <any> }}",
    "{{ <str> }}",
    "{{ <num> }}",
    "{{ <list> }}",
    "{{ <dict> }}",
    "{{ <any> | toJson }}",
    "{{ <any> | toYaml | nindent 2 }}",
    "{{ <any> | toYamlPretty }}",
    "{{ <dict> | toToml }}",
    "{{ <any> | printf \"%T %v %q %d\" <any> <str> }}",
    "{{ <any> | quote | upper }}",
    "{{ <str> | <any> }}",
    "{{ <list> | join <str> | trunc <int> }}",
    "{{ if <any> }}a{{ else if <any> }}b{{ else }}c{{ end }}",
    "{{ if and <any> (or <any> <any>) (not <any>) }}a{{ else }}b{{ end }}",
    "{{ with <any> }}{{ . }}{{ else with <any> }}{{ toJson . }}{{ else }}none{{ end }}",
    "{{ with $x := <dict> }}{{ $x.a }}{{ .b }}{{ end }}",
    "{{ range $i, $x := <list> }}{{ if eq $i 20 }}{{ break }}{{ end }}[{{ $x }}]{{ else }}none{{ end }}",
    "{{ range $i, $x := <list> }}{{ if or (eq $i <int>) (gt $i 20) }}{{ break }}{{ end }}{{ $i }}={{ $x }} {{ end }}",
    "{{ range $k, $v := <dict> }}{{ if kindIs \"int64\" $v }}{{ break }}{{ end }}{{ if <any> }}{{ continue }}{{ end }}{{ $k }}={{ $v | toJson }} {{ end }}",
    "{{ range $x := <any> }}{{ if hasPrefix \"int\" (kindOf $x) }}{{ break }}{{ end }}{{ $x | toString }};{{ end }}",
    "{{ range $i := min 9 <int> }}{{ $i }}{{ end }}",
    "{{- $x := <any> -}}\n{{ $x }}\n{{- $x = <any> }}\n{{ $x | toJson -}}\n",
    "{{ define \"t\" }}<{{ . }}>{{ end }}{{ template \"t\" <any> }}{{ include \"t\" <any> | upper }}",
    "{{ block \"b\" <any> }}{{ . | toJson }}{{ end }}",
    "{{ tpl \"{{ . | toJson }}\" <any> }}",
    "{{ tpl <str> $ }}",
    "{{ (<any>).a }}",
    "{{ (<dict>).a.b }}",
    "{{ index <any> <any> }}",
    "{{ index <dict> \"a\" \"b\" }}",
    "{{ len <any> }}",
    "{{ eq <any> <any> <any> }} {{ lt <num> <num> }}",
    "{{ $d := <dict> }}{{ $_ := set $d \"k\" <any> }}{{ $d | toJson }} {{ keys $d | sortAlpha }}",
    "{{ required <str> <any> }}",
    "{{ println <any> <any> <str> }}",
];

/// The templates of a seed.
pub(super) fn of(signatures: &Signatures, random: &mut Random) -> Vec<String> {
    let mut templates = Vec::new();
    while templates.len() < COUNT {
        let Some(mut rest) = random.pick(&FRAMES).copied() else { break };
        let mut template = String::new();
        while let Some((before, behind)) = rest.split_once('<') {
            template.push_str(before);
            let kind =
                behind.split_once('>').filter(|(kind, _)| MAKERS.iter().any(|(known, _)| known == kind));
            if let Some((kind, after)) = kind {
                template.push_str(&expression(signatures, kind, DEPTH, random));
                rest = after;
            } else {
                template.push('<');
                rest = behind;
            }
        }
        template.push_str(rest);
        templates.push(template);
    }
    templates
}

/// An expression of a kind: a plain argument, or a call of a function whose arguments are expressions again.
fn expression(signatures: &Signatures, kind: &str, depth: usize, random: &mut Random) -> String {
    let known = |kind: &str| MAKERS.iter().any(|(known, _)| *known == kind);
    // Now and then something else than was asked for; but where a count is asked for it stays one, so that nothing is
    // made a thousand million times.
    let kind = if known(kind) && random.below(12) == 0 { "any" } else { kind };
    let makers = MAKERS.iter().find(|(known, _)| *known == kind).map_or(&[][..], |(_, makers)| *makers);
    if depth > 0
        && random.below(3) > 0
        && let Some(function) = random.pick(makers)
        && let Some(call) = signatures.call_with(function, random, &mut |kind, random| {
            Some(expression(signatures, kind, depth - 1, random))
        })
    {
        return format!("({call})");
    }
    signatures.of_kind(kind, random).unwrap_or_else(|| "nil".to_owned())
}

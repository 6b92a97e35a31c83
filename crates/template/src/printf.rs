//! Go's `fmt.Sprint`, `Sprintln` and `Sprintf` (Go: `fmt/print.go`).

use pintle_value::{
    FloatBits, Kind, List, Map, Number, Object, Str, Underlying, Value, WalkError, decode_rune, types,
};

use crate::format::{Case, Flags, Formatter, Integer};

/// The most that a width or precision may be.
const LARGEST: i64 = 1_000_000;

/// How deep lists and maps may nest under a verb that writes their items one by one.
const MAX_DEPTH: usize = 500;

/// Go's `fmt.Sprint`: a space between two values neither of which is a string. At most `limit` bytes.
pub fn sprint(args: &[Value], limit: usize) -> std::result::Result<Str, WalkError> {
    if let [Value::String(text)] = args {
        return Ok(text.clone());
    }
    let mut printer = Printer::new(limit);
    let mut was_string = false;
    for (index, arg) in args.iter().enumerate() {
        let is_string = arg.kind() == Kind::String;
        if index > 0 && !is_string && !was_string {
            printer.to.out.push(b' ');
        }
        printer.arg(arg, 'v')?;
        was_string = is_string;
    }
    printer.finish()
}

/// Go's `fmt.Sprintln`: spaces between all values, a newline at the end. At most `limit` bytes.
pub fn sprintln(args: &[Value], limit: usize) -> std::result::Result<Str, WalkError> {
    let mut printer = Printer::new(limit);
    for (index, arg) in args.iter().enumerate() {
        if index > 0 {
            printer.to.out.push(b' ');
        }
        printer.arg(arg, 'v')?;
    }
    printer.to.out.push(b'\n');
    printer.finish()
}

/// Go's `fmt.Sprintf`, its complaints (`%!d(string=a)`, `%!v(MISSING)`) included. At most `limit` bytes.
pub fn sprintf(format: &[u8], args: &[Value], limit: usize) -> std::result::Result<Str, WalkError> {
    let mut printer = Printer::new(limit);
    printer.printf(format, args)?;
    printer.finish()
}

struct Printer {
    to: Formatter,
    reordered: bool,
    good_arg: bool,
    /// Inside of a complaint, where methods of objects are not used.
    erroring: bool,
    /// The name of the type that the value beneath an object has.
    named: Option<&'static str>,
    limit: usize,
}

type Result<T> = std::result::Result<T, WalkError>;

impl Printer {
    fn new(limit: usize) -> Self {
        Self {
            to: Formatter::default(),
            reordered: false,
            good_arg: true,
            erroring: false,
            named: None,
            limit,
        }
    }

    fn finish(self) -> Result<Str> {
        if self.to.out.len() > self.limit { Err(WalkError::TooLong) } else { Ok(Str::from(self.to.out)) }
    }

    /// Go: `doPrintf`.
    fn printf(&mut self, format: &[u8], args: &[Value]) -> Result<()> {
        let mut arg = 0_usize;
        let mut rest = format;
        while let Some(percent) = memchr::memchr(b'%', rest) {
            self.good_arg = true;
            let (plain, verb) = rest.split_at(percent);
            self.to.out.extend_from_slice(plain);
            rest = verb.get(1..).unwrap_or_default();
            self.to.flags = Flags::default();
            rest = self.flags(rest);
            let after_index;
            (rest, after_index) = self.arg_number(&mut arg, rest, args.len());
            let mut after_index = after_index;
            // Width.
            if let Some(tail) = rest.strip_prefix(b"*") {
                rest = tail;
                let width = int_arg(&mut arg, args);
                match width {
                    Some(width) => {
                        self.to.flags.width = usize::try_from(width.unsigned_abs()).ok();
                        if width < 0 {
                            self.to.flags.minus = true;
                            self.to.flags.zero = false;
                        }
                    }
                    None => self.to.text("%!(BADWIDTH)"),
                }
                after_index = false;
            } else {
                (self.to.flags.width, rest) = number(rest);
                if after_index && self.to.flags.width.is_some() {
                    self.good_arg = false;
                }
            }
            // Precision.
            if rest.len() > 1
                && let Some(tail) = rest.strip_prefix(b".")
            {
                rest = tail;
                if after_index {
                    self.good_arg = false;
                }
                (rest, after_index) = self.arg_number(&mut arg, rest, args.len());
                if let Some(tail) = rest.strip_prefix(b"*") {
                    rest = tail;
                    self.to.flags.precision =
                        int_arg(&mut arg, args).and_then(|int| usize::try_from(int).ok());
                    if self.to.flags.precision.is_none() {
                        self.to.text("%!(BADPREC)");
                    }
                    after_index = false;
                } else {
                    let precision;
                    (precision, rest) = number(rest);
                    self.to.flags.precision = Some(precision.unwrap_or(0));
                }
            }
            if !after_index {
                (rest, _) = self.arg_number(&mut arg, rest, args.len());
            }
            let Some((verb, width)) = decode_rune(rest) else {
                self.to.text("%!(NOVERB)");
                break;
            };
            rest = rest.get(width..).unwrap_or_default();
            if verb == '%' {
                self.to.out.push(b'%');
            } else if !self.good_arg {
                self.to.text(&format!("%!{verb}(BADINDEX)"));
            } else if let Some(value) = args.get(arg) {
                if matches!(verb, 'v' | 'w') {
                    let flags = &mut self.to.flags;
                    flags.sharp_v = std::mem::replace(&mut flags.sharp, false);
                    flags.plus_v = std::mem::replace(&mut flags.plus, false);
                }
                self.arg(value, verb)?;
                arg += 1;
            } else {
                self.to.text(&format!("%!{verb}(MISSING)"));
            }
            self.check()?;
        }
        self.to.out.extend_from_slice(rest);
        self.extra(args.get(arg..).unwrap_or_default())
    }

    fn extra(&mut self, extra: &[Value]) -> Result<()> {
        if self.reordered || extra.is_empty() {
            return Ok(());
        }
        self.to.flags = Flags::default();
        self.to.text("%!(EXTRA ");
        for (index, arg) in extra.iter().enumerate() {
            if index > 0 {
                self.to.text(", ");
            }
            match arg.go_type() {
                None => self.to.text("<nil>"),
                Some(go_type) => {
                    self.to.text(go_type.name);
                    self.to.out.push(b'=');
                    self.arg(arg, 'v')?;
                }
            }
        }
        self.to.out.push(b')');
        Ok(())
    }

    fn check(&self) -> Result<()> {
        if self.to.out.len() > self.limit { Err(WalkError::TooLong) } else { Ok(()) }
    }

    fn flags<'f>(&mut self, format: &'f [u8]) -> &'f [u8] {
        let flags = &mut self.to.flags;
        let mut rest = format;
        while let Some((byte, tail)) = rest.split_first() {
            match byte {
                b'#' => flags.sharp = true,
                b'0' => flags.zero = true,
                b'+' => flags.plus = true,
                b'-' => flags.minus = true,
                b' ' => flags.space = true,
                _ => break,
            }
            rest = tail;
        }
        rest
    }

    /// Go: `argNumber`: an index such as `[2]`.
    fn arg_number<'f>(&mut self, arg: &mut usize, format: &'f [u8], args: usize) -> (&'f [u8], bool) {
        if format.first() != Some(&b'[') {
            return (format, false);
        }
        self.reordered = true;
        let (index, width) = parse_arg_number(format);
        let rest = format.get(width..).unwrap_or_default();
        match index {
            Some(index) if (1..=args).contains(&index) => {
                *arg = index - 1;
                (rest, true)
            }
            index => {
                self.good_arg = false;
                (rest, index.is_some())
            }
        }
    }

    /// Go: `printArg`.
    fn arg(&mut self, value: &Value, verb: char) -> Result<()> {
        if value.is_nil() {
            if matches!(verb, 'T' | 'v') {
                self.to.pad(b"<nil>");
                return Ok(());
            }
            return self.bad_verb(value, verb);
        }
        match verb {
            'T' => {
                let name = value.go_type().map_or("", |go_type| go_type.name);
                self.to.string(name.as_bytes());
                Ok(())
            }
            'p' => self.pointer(value, 'p'),
            'w' if is_composite(value) => self.bad_verb(value, verb),
            _ => self.value(value, verb, 0),
        }
    }

    fn bad_verb(&mut self, value: &Value, verb: char) -> Result<()> {
        let erroring = std::mem::replace(&mut self.erroring, true);
        self.to.text(&format!("%!{verb}("));
        match value.go_type() {
            None => self.to.text("<nil>"),
            Some(go_type) => {
                let name = self.named.take();
                self.to.text(name.unwrap_or(go_type.name));
                self.to.out.push(b'=');
                self.value(value, 'v', 0)?;
                self.named = name;
            }
        }
        self.to.out.push(b')');
        self.erroring = erroring;
        Ok(())
    }

    /// Go: `printValue`.
    fn value(&mut self, value: &Value, verb: char, depth: usize) -> Result<()> {
        self.check()?;
        if depth > MAX_DEPTH {
            return Err(WalkError::TooDeep);
        }
        match value {
            Value::Nil => self.to.text(if self.to.flags.sharp_v { "interface {}(nil)" } else { "<nil>" }),
            Value::Bool(flag) => match verb {
                't' | 'v' => self.to.boolean(*flag),
                _ => return self.bad_verb(value, verb),
            },
            Value::Int(int) => return self.integer(value, signed(*int), true, verb),
            Value::Float(float) => return self.float(value, *float, FloatBits::Double, verb),
            Value::Number(Number::Float32(float)) => {
                return self.float(value, f64::from(*float), FloatBits::Single, verb);
            }
            Value::Number(number) => {
                return match (number.as_int(), number.as_uint()) {
                    (Some(int), _) => self.integer(value, signed(int), true, verb),
                    (None, uint) => {
                        let integer = Integer { negative: false, magnitude: uint.unwrap_or(0) };
                        self.integer(value, integer, false, verb)
                    }
                };
            }
            Value::Complex(parts) => {
                if !matches!(verb, 'v' | 'b' | 'g' | 'G' | 'x' | 'X' | 'f' | 'F' | 'e' | 'E') {
                    return self.bad_verb(value, verb);
                }
                let plus = self.to.flags.plus;
                self.to.out.push(b'(');
                self.float(value, parts.0, FloatBits::Double, verb)?;
                self.to.flags.plus = true;
                self.float(value, parts.1, FloatBits::Double, verb)?;
                self.to.text("i)");
                self.to.flags.plus = plus;
            }
            Value::String(text) => return self.string(value, text, verb),
            Value::List(list) => return self.list(value, list, verb, depth),
            Value::Map(map) => return self.map(map, verb, depth),
            Value::Object(object) => return self.object(value, object.as_ref(), verb, depth),
        }
        Ok(())
    }

    /// Go: `handleMethods`, and what follows where there is no method to call.
    fn object(&mut self, value: &Value, object: &dyn Object, verb: char, depth: usize) -> Result<()> {
        let underlying = object.underlying();
        let sharp_v = self.to.flags.sharp_v && verb == 'v' && underlying.is_some();
        if sharp_v && !self.erroring && object.method("GoString").is_some() {
            let text = object.call("GoString", &[]).ok();
            self.to.string(text.as_ref().and_then(Value::as_str).unwrap_or(&Str::EMPTY));
            return Ok(());
        }
        let by_method = object.prints_itself() || underlying.is_none();
        if matches!(verb, 'v' | 's' | 'x' | 'X' | 'q') && by_method && !sharp_v && !self.erroring {
            // What the object's String method gives, or Go's default form, which no flag but width changes.
            let sharp_v = std::mem::replace(&mut self.to.flags.sharp_v, false);
            let done = self.string(value, &object.print(), verb);
            self.to.flags.sharp_v = sharp_v;
            return done;
        }
        let go_type = object.go_type();
        match underlying {
            Some(Underlying::Value(beneath)) => {
                // A complaint about the verb names the object's type.
                let before = self.named.replace(go_type.name);
                let done = self.value(&beneath, verb, depth);
                self.named = before;
                done
            }
            Some(Underlying::Struct(fields)) => self.fields(go_type.name, &fields, verb, depth),
            Some(Underlying::Pointer(fields)) if depth == 0 => {
                self.to.out.push(b'&');
                let name = go_type.elem.map_or("", |elem| elem.name);
                self.fields(name, &fields, verb, depth + 1)
            }
            Some(Underlying::Pointer(_)) => self.pointer(value, verb),
            Some(Underlying::NilPointer) => match verb {
                'v' if self.to.flags.sharp_v => {
                    self.to.text(&format!("({})(nil)", go_type.name));
                    Ok(())
                }
                'v' => {
                    self.to.pad(b"<nil>");
                    Ok(())
                }
                _ => self.pointer(value, verb),
            },
            _ => {
                let erroring = std::mem::replace(&mut self.erroring, true);
                let name = object.go_type().name;
                let text = object.print();
                if erroring {
                    self.to.string(&text);
                } else {
                    self.to.text(&format!("%!{verb}({name}="));
                    self.to.string(&text);
                    self.to.out.push(b')');
                }
                self.erroring = erroring;
                Ok(())
            }
        }
    }

    fn fields(&mut self, name: &str, fields: &[(&str, Value)], verb: char, depth: usize) -> Result<()> {
        let (sharp_v, plus_v) = (self.to.flags.sharp_v, self.to.flags.plus_v);
        if sharp_v {
            self.to.text(name);
        }
        self.to.out.push(b'{');
        for (index, (name, value)) in fields.iter().enumerate() {
            if index > 0 {
                self.to.text(if sharp_v { ", " } else { " " });
            }
            if sharp_v || plus_v {
                self.to.text(name);
                self.to.out.push(b':');
            }
            self.value(value, verb, depth + 1)?;
        }
        self.to.out.push(b'}');
        Ok(())
    }

    fn integer(&mut self, value: &Value, integer: Integer, signed: bool, verb: char) -> Result<()> {
        let code = if integer.negative { u64::MAX } else { integer.magnitude };
        match verb {
            'v' if self.to.flags.sharp_v && !signed => self.hex_0x(integer.magnitude, true),
            'v' | 'd' => self.to.integer(integer, 10, verb, Case::Lower),
            'b' => self.to.integer(integer, 2, verb, Case::Lower),
            'o' | 'O' => self.to.integer(integer, 8, verb, Case::Lower),
            'x' => self.to.integer(integer, 16, verb, Case::Lower),
            'X' => self.to.integer(integer, 16, verb, Case::Upper),
            'c' => self.to.character(code),
            'q' => self.to.quoted_character(code),
            'U' if integer.negative => self.to.unicode(integer.magnitude.wrapping_neg()),
            'U' => self.to.unicode(integer.magnitude),
            _ => return self.bad_verb(value, verb),
        }
        Ok(())
    }

    fn hex_0x(&mut self, value: u64, leading: bool) {
        let sharp = std::mem::replace(&mut self.to.flags.sharp, leading);
        self.to.integer(Integer { negative: false, magnitude: value }, 16, 'v', Case::Lower);
        self.to.flags.sharp = sharp;
    }

    fn float(&mut self, value: &Value, float: f64, bits: FloatBits, verb: char) -> Result<()> {
        match verb {
            'v' => self.to.float(float, bits, 'g', None),
            'b' | 'g' | 'G' | 'x' | 'X' => self.to.float(float, bits, verb, None),
            'f' | 'e' | 'E' => self.to.float(float, bits, verb, Some(6)),
            'F' => self.to.float(float, bits, 'f', Some(6)),
            _ => return self.bad_verb(value, verb),
        }
        Ok(())
    }

    fn string(&mut self, value: &Value, text: &[u8], verb: char) -> Result<()> {
        match verb {
            'v' if self.to.flags.sharp_v => self.to.quoted(text),
            'v' | 's' => self.to.string(text),
            'x' => self.to.hex(text, Case::Lower),
            'X' => self.to.hex(text, Case::Upper),
            'q' => self.to.quoted(text),
            _ => return self.bad_verb(value, verb),
        }
        Ok(())
    }

    fn list(&mut self, value: &Value, list: &List, verb: char, depth: usize) -> Result<()> {
        if list.go_type().elem.is_some_and(|elem| elem.kind == Kind::Uint8) {
            let bytes: Vec<u8> = list.items().iter().map(byte).collect();
            match verb {
                's' => self.to.string(&bytes),
                'x' => self.to.hex(&bytes, Case::Lower),
                'X' => self.to.hex(&bytes, Case::Upper),
                'q' => self.to.quoted(&bytes),
                'v' | 'd' if depth == 0 && *list.go_type() == types::BYTES => self.bytes(list, &bytes, verb),
                _ => return self.items(value, list, verb, depth),
            }
            return Ok(());
        }
        self.items(value, list, verb, depth)
    }

    /// Go: `fmtBytes`.
    fn bytes(&mut self, list: &List, bytes: &[u8], verb: char) {
        let sharp_v = self.to.flags.sharp_v;
        if sharp_v {
            self.to.text("[]byte");
            if list.is_nil() {
                return self.to.text("(nil)");
            }
        }
        self.to.out.push(if sharp_v { b'{' } else { b'[' });
        for (index, byte) in bytes.iter().enumerate() {
            if index > 0 {
                self.to.text(if sharp_v { ", " } else { " " });
            }
            if sharp_v {
                self.hex_0x(u64::from(*byte), true);
            } else {
                let integer = Integer { negative: false, magnitude: u64::from(*byte) };
                self.to.integer(integer, 10, verb, Case::Lower);
            }
        }
        self.to.out.push(if sharp_v { b'}' } else { b']' });
    }

    fn items(&mut self, _value: &Value, list: &List, verb: char, depth: usize) -> Result<()> {
        let sharp_v = self.to.flags.sharp_v;
        if sharp_v {
            self.to.text(list.go_type().name);
            if list.is_nil() {
                self.to.text("(nil)");
                return Ok(());
            }
        }
        self.to.out.push(if sharp_v { b'{' } else { b'[' });
        for index in 0..list.len() {
            if index > 0 {
                self.to.text(if sharp_v { ", " } else { " " });
            }
            self.value(&list.get(index).unwrap_or_default(), verb, depth + 1)?;
        }
        self.to.out.push(if sharp_v { b'}' } else { b']' });
        Ok(())
    }

    fn map(&mut self, map: &Map, verb: char, depth: usize) -> Result<()> {
        let sharp_v = self.to.flags.sharp_v;
        if sharp_v {
            self.to.text(map.go_type().name);
            if map.is_nil() {
                self.to.text("(nil)");
                return Ok(());
            }
            self.to.out.push(b'{');
        } else {
            self.to.text("map[");
        }
        for (index, (key, value)) in map.entries().into_iter().enumerate() {
            if index > 0 {
                self.to.text(if sharp_v { ", " } else { " " });
            }
            self.value(&Value::String(key), verb, depth + 1)?;
            self.to.out.push(b':');
            self.value(&value, verb, depth + 1)?;
        }
        self.to.out.push(if sharp_v { b'}' } else { b']' });
        Ok(())
    }

    /// Go: `fmtPointer`, but for the verb `v`.
    fn pointer(&mut self, value: &Value, verb: char) -> Result<()> {
        let address = match value {
            Value::List(list) => list.address(),
            Value::Map(map) => map.address(),
            Value::Object(object) if matches!(object.underlying(), Some(Underlying::NilPointer)) => 0,
            Value::Object(object) if matches!(object.go_type().kind, Kind::Ptr | Kind::Func | Kind::Chan) => {
                std::rc::Rc::as_ptr(object).addr()
            }
            _ => return self.bad_verb(value, verb),
        };
        match verb {
            'p' => {
                let leading = !self.to.flags.sharp;
                self.hex_0x(address as u64, leading);
                Ok(())
            }
            'b' | 'o' | 'd' | 'x' | 'X' => {
                let integer = Integer { negative: false, magnitude: address as u64 };
                self.integer(value, integer, false, verb)
            }
            _ => self.bad_verb(value, verb),
        }
    }
}

/// Whether Go looks for methods of such a value, and so for errors to wrap.
fn is_composite(value: &Value) -> bool {
    match value {
        Value::List(list) => *list.go_type() != types::BYTES,
        Value::Map(_) | Value::Object(_) => true,
        _ => false,
    }
}

fn signed(value: i64) -> Integer {
    Integer { negative: value < 0, magnitude: value.unsigned_abs() }
}

fn byte(value: &Value) -> u8 {
    match value {
        Value::Number(Number::Uint8(byte)) => *byte,
        _ => 0,
    }
}

/// Go: `intFromArg`.
fn int_arg(arg: &mut usize, args: &[Value]) -> Option<i64> {
    let value = args.get(*arg)?;
    *arg += 1;
    let beneath = match value {
        Value::Object(object) => match object.underlying() {
            Some(Underlying::Value(beneath)) => Some(beneath),
            _ => None,
        },
        _ => None,
    };
    let int = match beneath.as_ref().unwrap_or(value) {
        Value::Int(int) => Some(*int),
        Value::Number(number) => {
            number.as_int().or_else(|| number.as_uint().and_then(|uint| i64::try_from(uint).ok()))
        }
        _ => None,
    };
    int.filter(|int| (-LARGEST..=LARGEST).contains(int))
}

/// Go: `parsenum`: a number at the start of `format`. One that is too large eats all of the rest.
fn number(format: &[u8]) -> (Option<usize>, &[u8]) {
    let mut value = None;
    let mut rest = format;
    while let Some((digit, tail)) = rest.split_first().filter(|(byte, _)| byte.is_ascii_digit()) {
        let so_far = value.unwrap_or(0);
        if so_far > 1_000_000 {
            return (None, &[]);
        }
        value = Some(so_far * 10 + usize::from(digit - b'0'));
        rest = tail;
    }
    (value, rest)
}

/// Go: `parseArgNumber`: the number in brackets at the start of `format`, and how many bytes to skip.
fn parse_arg_number(format: &[u8]) -> (Option<usize>, usize) {
    if format.len() < 3 {
        return (None, 1);
    }
    let Some(close) = memchr::memchr(b']', format) else { return (None, 1) };
    let inside = format.get(1..close).unwrap_or_default();
    match number(inside) {
        (Some(index), []) if inside.iter().all(u8::is_ascii_digit) => (Some(index), close + 1),
        _ => (None, close + 1),
    }
}

//! Sets of characters by their names in Go's expressions.

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, HirKind};

/// All characters.
pub(super) fn any() -> ClassUnicode {
    ClassUnicode::new([ClassUnicodeRange::new('\0', char::MAX)])
}

/// A range of code points without the surrogates, which no text holds; `None` where nothing is left.
pub(super) fn range(low: u32, high: u32) -> Option<ClassUnicodeRange> {
    let low = char::from_u32(low).unwrap_or('\u{E000}');
    let high = char::from_u32(high).unwrap_or('\u{D7FF}');
    (low <= high).then(|| ClassUnicodeRange::new(low, high))
}

/// Adds what differs from a member by case only (Go: `appendFoldedRange`).
pub(super) fn fold(class: &mut ClassUnicode) {
    // Fails only without the tables, which a feature of the crate brings.
    let _ = class.try_case_fold_simple();
}

fn ascii(ranges: &[(char, char)]) -> ClassUnicode {
    ClassUnicode::new(ranges.iter().map(|(low, high)| ClassUnicodeRange::new(*low, *high)))
}

/// `\d`, `\s` and `\w` (Go: `perlGroup`).
pub(super) fn perl(letter: u8) -> Option<ClassUnicode> {
    Some(match letter {
        b'd' => ascii(&[('0', '9')]),
        b's' => ascii(&[('\t', '\n'), ('\x0C', '\r'), (' ', ' ')]),
        b'w' => ascii(&[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')]),
        _ => return None,
    })
}

/// `[:alnum:]` and so on (Go: `posixGroup`).
pub(super) fn posix(name: &[u8]) -> Option<ClassUnicode> {
    Some(match name {
        b"alnum" => ascii(&[('0', '9'), ('A', 'Z'), ('a', 'z')]),
        b"alpha" => ascii(&[('A', 'Z'), ('a', 'z')]),
        b"ascii" => ascii(&[('\0', '\x7F')]),
        b"blank" => ascii(&[('\t', '\t'), (' ', ' ')]),
        b"cntrl" => ascii(&[('\0', '\x1F'), ('\x7F', '\x7F')]),
        b"digit" => ascii(&[('0', '9')]),
        b"graph" => ascii(&[('!', '~')]),
        b"lower" => ascii(&[('a', 'z')]),
        b"print" => ascii(&[(' ', '~')]),
        b"punct" => ascii(&[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')]),
        b"space" => ascii(&[('\t', '\r'), (' ', ' ')]),
        b"upper" => ascii(&[('A', 'Z')]),
        b"word" => ascii(&[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')]),
        b"xdigit" => ascii(&[('0', '9'), ('A', 'F'), ('a', 'f')]),
        _ => return None,
    })
}

/// `\p{…}` (Go: `unicodeTable`): a category, its long name or a script, however it is spelt.
pub(super) fn unicode(name: &[u8]) -> Option<ClassUnicode> {
    let name = std::str::from_utf8(name).ok()?;
    match canonical(name).as_str() {
        "Any" => return Some(any()),
        "Assigned" => {
            let mut class = table("gc=Cn");
            class.negate();
            return Some(class);
        }
        "Ascii" => return Some(ascii(&[('\0', '\x7F')])),
        _ => {}
    }
    let wanted = canonical(name);
    let category = CATEGORIES.iter().find(|(short, long)| {
        wanted == canonical(short) || long.split(' ').any(|long| wanted == canonical(long))
    });
    if let Some((short, _)) = category {
        // No text holds a surrogate.
        return Some(if *short == "Cs" { ClassUnicode::empty() } else { table(&format!("gc={short}")) });
    }
    let script = SCRIPTS.split(' ').find(|script| wanted == canonical(script))?;
    Some(table(&format!("sc={script}")))
}

/// Go: `canonicalName`: a capital first, small letters after it, no separators.
fn canonical(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for letter in name.chars().filter(|letter| !matches!(letter, '_' | '-' | ' ')) {
        out.push(if out.is_empty() { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() });
    }
    out
}

/// The set that Unicode gives to a property's value; empty where the tables are older than the name.
fn table(property: &str) -> ClassUnicode {
    match regex_syntax::parse(&format!("\\p{{{property}}}")).map(regex_syntax::hir::Hir::into_kind) {
        Ok(HirKind::Class(Class::Unicode(class))) => class,
        _ => ClassUnicode::empty(),
    }
}

/// The categories with their long names (Go: `unicode.Categories`, `unicode.CategoryAliases`).
const CATEGORIES: [(&str, &str); 38] = [
    ("C", "Other"),
    ("Cc", "Control cntrl"),
    ("Cf", "Format"),
    ("Cn", "Unassigned"),
    ("Co", "Private_Use"),
    ("Cs", "Surrogate"),
    ("L", "Letter"),
    ("LC", "Cased_Letter"),
    ("Ll", "Lowercase_Letter"),
    ("Lm", "Modifier_Letter"),
    ("Lo", "Other_Letter"),
    ("Lt", "Titlecase_Letter"),
    ("Lu", "Uppercase_Letter"),
    ("M", "Mark Combining_Mark"),
    ("Mc", "Spacing_Mark"),
    ("Me", "Enclosing_Mark"),
    ("Mn", "Nonspacing_Mark"),
    ("N", "Number"),
    ("Nd", "Decimal_Number digit"),
    ("Nl", "Letter_Number"),
    ("No", "Other_Number"),
    ("P", "Punctuation punct"),
    ("Pc", "Connector_Punctuation"),
    ("Pd", "Dash_Punctuation"),
    ("Pe", "Close_Punctuation"),
    ("Pf", "Final_Punctuation"),
    ("Pi", "Initial_Punctuation"),
    ("Po", "Other_Punctuation"),
    ("Ps", "Open_Punctuation"),
    ("S", "Symbol"),
    ("Sc", "Currency_Symbol"),
    ("Sk", "Modifier_Symbol"),
    ("Sm", "Math_Symbol"),
    ("So", "Other_Symbol"),
    ("Z", "Separator"),
    ("Zl", "Line_Separator"),
    ("Zp", "Paragraph_Separator"),
    ("Zs", "Space_Separator"),
];

/// The scripts (Go: `unicode.Scripts`).
const SCRIPTS: &str = "Adlam Ahom Anatolian_Hieroglyphs Arabic Armenian Avestan Balinese Bamum Bassa_Vah Batak Bengali \
    Beria_Erfe Bhaiksuki Bopomofo Brahmi Braille Buginese Buhid Canadian_Aboriginal Carian \
    Caucasian_Albanian Chakma Cham Cherokee Chorasmian Common Coptic Cuneiform Cypriot Cypro_Minoan \
    Cyrillic Deseret Devanagari Dives_Akuru Dogra Duployan Egyptian_Hieroglyphs Elbasan Elymaic Ethiopic \
    Garay Georgian Glagolitic Gothic Grantha Greek Gujarati Gunjala_Gondi Gurmukhi Gurung_Khema Han \
    Hangul Hanifi_Rohingya Hanunoo Hatran Hebrew Hiragana Imperial_Aramaic Inherited \
    Inscriptional_Pahlavi Inscriptional_Parthian Javanese Kaithi Kannada Katakana Kawi Kayah_Li \
    Kharoshthi Khitan_Small_Script Khmer Khojki Khudawadi Kirat_Rai Lao Latin Lepcha Limbu Linear_A \
    Linear_B Lisu Lycian Lydian Mahajani Makasar Malayalam Mandaic Manichaean Marchen Masaram_Gondi \
    Medefaidrin Meetei_Mayek Mende_Kikakui Meroitic_Cursive Meroitic_Hieroglyphs Miao Modi Mongolian Mro \
    Multani Myanmar Nabataean Nag_Mundari Nandinagari New_Tai_Lue Newa Nko Nushu Nyiakeng_Puachue_Hmong \
    Ogham Ol_Chiki Ol_Onal Old_Hungarian Old_Italic Old_North_Arabian Old_Permic Old_Persian Old_Sogdian \
    Old_South_Arabian Old_Turkic Old_Uyghur Oriya Osage Osmanya Pahawh_Hmong Palmyrene Pau_Cin_Hau \
    Phags_Pa Phoenician Psalter_Pahlavi Rejang Runic Samaritan Saurashtra Sharada Shavian Siddham \
    Sidetic SignWriting Sinhala Sogdian Sora_Sompeng Soyombo Sundanese Sunuwar Syloti_Nagri Syriac \
    Tagalog Tagbanwa Tai_Le Tai_Tham Tai_Viet Tai_Yo Takri Tamil Tangsa Tangut Telugu Thaana Thai \
    Tibetan Tifinagh Tirhuta Todhri Tolong_Siki Toto Tulu_Tigalari Ugaritic Vai Vithkuqi Wancho \
    Warang_Citi Yezidi Yi Zanabazar_Square";

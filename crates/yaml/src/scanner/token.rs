//! What the scanner makes of characters.

/// A place in the text, as the scanner counts: from 0, columns in characters.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mark {
    pub(crate) offset: u32,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// A stretch of the input, or of the scanner's own text where a scalar is not one stretch of the input.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Text {
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) assembled: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    Quoted,
    Block,
}

#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) mark: Mark,
}

#[derive(Clone, Debug)]
pub(crate) enum TokenKind {
    StreamStart,
    StreamEnd,
    VersionDirective { major: u8, minor: u8 },
    TagDirective(Box<TagDirective>),
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(Text),
    Anchor(Text),
    Tag(Box<TagToken>),
    Scalar { text: Text, style: Style },
}

#[derive(Clone, Debug)]
pub(crate) struct TagDirective {
    pub(crate) handle: Vec<u8>,
    pub(crate) prefix: Vec<u8>,
}

/// A tag as it is written; bytes, because URI escapes can make any.
#[derive(Clone, Debug)]
pub(crate) struct TagToken {
    pub(crate) handle: Vec<u8>,
    pub(crate) suffix: Vec<u8>,
}

//! What a server got wrong and was understood all the same: counted by kind, so that a developer can see it.

/// One kind of deviation from what the API promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// Bytes that are no UTF-8; U+FFFD stands for them.
    InvalidUtf8,
    /// Half of a surrogate pair whose other half never came; U+FFFD stands for it.
    LoneSurrogate,
    /// NaN or an infinity, read as null.
    NonFinite,
    /// A number that JSON does not allow, such as `+1` or `.5`.
    BadNumber,
    /// An escape in a string that JSON does not know.
    BadEscape,
    /// A control character inside a string, not escaped.
    ControlCharacter,
    /// A comma before a closing bracket.
    TrailingComma,
    /// A value of another type than the field has: text for a number, an object for text.
    WrongType,
    /// More than one value, or `[DONE]`, in the data of one event.
    GluedValues,
    /// JSON in a line of its own, without `data:` before it.
    BareLine,
    /// An event of a foreign name, or a line that is no field, whose text is no JSON.
    ForeignText,
    /// A tool call whose index is missing, negative or used twice.
    ToolCallIndex,
    /// Text or arguments for something that had ended.
    AfterEnd,
    /// A whole message after its deltas that says something else than they did.
    OtherMessage,
}

impl Oddity {
    /// Every kind, in the order of the counters.
    pub const ALL: [Self; 14] = [
        Self::InvalidUtf8,
        Self::LoneSurrogate,
        Self::NonFinite,
        Self::BadNumber,
        Self::BadEscape,
        Self::ControlCharacter,
        Self::TrailingComma,
        Self::WrongType,
        Self::GluedValues,
        Self::BareLine,
        Self::ForeignText,
        Self::ToolCallIndex,
        Self::AfterEnd,
        Self::OtherMessage,
    ];

    /// The name by which it is reported.
    pub fn name(self) -> &'static str {
        match self {
            Self::InvalidUtf8 => "invalid_utf8",
            Self::LoneSurrogate => "lone_surrogate",
            Self::NonFinite => "non_finite_number",
            Self::BadNumber => "bad_number",
            Self::BadEscape => "bad_escape",
            Self::ControlCharacter => "control_character",
            Self::TrailingComma => "trailing_comma",
            Self::WrongType => "wrong_type",
            Self::GluedValues => "glued_values",
            Self::BareLine => "bare_line",
            Self::ForeignText => "foreign_text",
            Self::ToolCallIndex => "tool_call_index",
            Self::AfterEnd => "after_end",
            Self::OtherMessage => "other_message",
        }
    }
}

/// How often each kind of deviation was met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tolerated {
    counts: [u32; Oddity::ALL.len()],
}

impl Tolerated {
    /// Counts one.
    pub(crate) fn add(&mut self, oddity: Oddity) {
        let count = &mut self.counts[oddity as usize];
        *count = count.saturating_add(1);
    }

    /// Adds up two counts.
    pub(crate) fn merge(&mut self, more: &Self) {
        for (count, new) in self.counts.iter_mut().zip(more.counts) {
            *count = count.saturating_add(new);
        }
    }

    /// How often `oddity` was met.
    pub fn count(&self, oddity: Oddity) -> u32 {
        self.counts[oddity as usize]
    }

    /// All of them together.
    pub fn total(&self) -> u32 {
        self.counts.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Those that were met, each with its count.
    pub fn iter(&self) -> impl Iterator<Item = (Oddity, u32)> + '_ {
        Oddity::ALL.into_iter().zip(self.counts).filter(|(_, count)| *count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Oddity, Tolerated};

    #[test]
    fn counts_by_kind() {
        let mut met = Tolerated::default();
        met.add(Oddity::AfterEnd);
        met.add(Oddity::AfterEnd);
        let mut sum = met.clone();
        sum.merge(&met);
        assert_eq!((sum.total(), sum.count(Oddity::AfterEnd), sum.count(Oddity::BadEscape)), (4, 4, 0));
        assert_eq!(sum.iter().collect::<Vec<_>>(), [(Oddity::AfterEnd, 4)]);
        for (place, oddity) in Oddity::ALL.into_iter().enumerate() {
            assert_eq!(oddity as usize, place, "{}", oddity.name());
        }
    }

    /// The table in docs/servers.md has all of them, in this order.
    #[test]
    fn as_the_documents_say() {
        let document = include_str!("../../../docs/servers.md");
        let (_, table) = document.split_once("| Name | What the server did |").unwrap();
        let names: Vec<&str> = table
            .lines()
            .take_while(|line| line.is_empty() || line.starts_with('|'))
            .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
            .collect();
        assert_eq!(names, Oddity::ALL.map(Oddity::name));
    }
}

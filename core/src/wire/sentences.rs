//! Text cut into sentences while it comes, for speech: a state for each choice, fed character by character, so that the
//! sentences are the same whatever pieces the text comes in. Linear, and what it holds is bounded.
//!
//! A sentence ends at an end mark (`.` `!` `?` `…` and their like) with the closing quotes and brackets behind it and
//! the white space that proves it, at `。` `！` `？` `｡` whatever follows, and at the end of a line. Where the mark alone
//! does not tell, the next word does: it begins with a small letter, or, after "No.", with a digit, if the sentence goes
//! on. What is no end of a sentence is in `abbreviations.rs`, by language.

use abbreviations::{Dot, judge};

mod abbreviations;
#[cfg(test)]
mod tests;

/// A sentence that is longer, in bytes, ends at its next white space.
const LONG: usize = 2_000;
/// One that is as long as this ends here: some text has no white space.
const LONGEST: usize = 2 * LONG;

/// The sentence under way.
#[derive(Debug)]
pub struct Segmenter {
    held: String,
    /// An end mark at which the sentence ends, if what follows allows it.
    mark: Option<Mark>,
    /// Whether nothing but white space is held.
    is_blank: bool,
    /// Whether there is a letter or digit: marks alone are no sentence.
    has_word: bool,
    /// Whether it begins a line, as the numbers of a list do.
    begins_line: bool,
    /// Whether an odd number of `"` came in this line: then the next one closes.
    in_quotes: bool,
}

/// One or more end marks in a row, and what came behind them.
#[derive(Clone, Copy, Debug)]
struct Mark {
    kind: Kind,
    /// Where the first of them is.
    at: usize,
    /// A closing quote or bracket came.
    is_closed: bool,
    /// White space came, and the next word decides.
    look: Option<Look>,
}

/// What marks in a row come to; of two kinds the later one counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Dot,
    Dots,
    Strong,
    /// Of scripts without white space.
    Wide,
}

/// What the next word is looked at for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    /// A small letter goes on with the sentence.
    Small,
    /// So does a digit.
    Digit,
}

impl Default for Segmenter {
    fn default() -> Self {
        Self {
            held: String::new(),
            mark: None,
            is_blank: true,
            has_word: false,
            begins_line: true,
            in_quotes: false,
        }
    }
}

impl Segmenter {
    /// Adds text; each sentence that is whole now goes to `out`.
    pub fn push(&mut self, text: &str, out: &mut dyn FnMut(&str)) {
        for c in text.chars() {
            self.step(c, out);
            let len = self.held.len();
            if len >= LONGEST || (len >= LONG && c.is_whitespace()) {
                self.end(false, out);
            }
        }
    }

    /// No more is expected: what is held goes to `out`.
    pub fn flush(&mut self, out: &mut dyn FnMut(&str)) {
        self.end(true, out);
        self.in_quotes = false;
    }

    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    fn step(&mut self, c: char, out: &mut dyn FnMut(&str)) {
        match self.mark {
            Some(mark) => self.after_mark(mark, c, out),
            None => self.plain(c, out),
        }
    }

    fn plain(&mut self, c: char, out: &mut dyn FnMut(&str)) {
        let at = self.held.len();
        self.held.push(c);
        if is_line_end(c) {
            self.begins_line |= self.is_blank;
            self.in_quotes = false;
            if !self.is_blank {
                self.end(true, out);
            }
        } else if !c.is_whitespace() {
            self.is_blank = false;
            self.has_word |= c.is_alphanumeric();
            self.in_quotes ^= c == '"';
            if let (Some(kind), true) = (kind(c), self.has_word) {
                self.mark = Some(Mark { kind, at, is_closed: false, look: None });
            }
        }
    }

    fn after_mark(&mut self, mark: Mark, c: char, out: &mut dyn FnMut(&str)) {
        if is_line_end(c) {
            return self.plain(c, out);
        }
        let is_behind = mark.look.is_none();
        if let (Some(kind), true) = (kind(c), is_behind) {
            self.mark = Some(mark.and(kind, self.held.len()));
            self.held.push(c);
        } else if is_behind && self.closes(mark.kind, c) {
            self.mark = Some(Mark { is_closed: true, ..mark });
            self.in_quotes ^= c == '"';
            self.held.push(c);
        } else if c.is_whitespace() {
            self.held.push(c);
            if is_behind {
                self.at_space(mark, out);
            }
        } else {
            if self.ends_before(mark, c) {
                self.end(false, out);
            }
            self.mark = None;
            self.plain(c, out);
        }
    }

    /// White space came behind a mark.
    fn at_space(&mut self, mark: Mark, out: &mut dyn FnMut(&str)) {
        let look = match mark.kind {
            Kind::Wide => None,
            Kind::Strong => mark.is_closed.then_some(Look::Small),
            Kind::Dots => Some(Look::Small),
            Kind::Dot => match judge(&self.held[..mark.at], self.begins_line) {
                Dot::Inside => {
                    self.mark = None;
                    return;
                }
                Dot::Ends => mark.is_closed.then_some(Look::Small),
                Dot::UnlessSmall => Some(Look::Small),
                Dot::UnlessDigit => Some(Look::Digit),
            },
        };
        match look {
            None => self.end(false, out),
            look => self.mark = Some(Mark { look, ..mark }),
        }
    }

    /// Whether the sentence ends before `c`, which is neither white space nor part of the mark.
    fn ends_before(&self, mark: Mark, c: char) -> bool {
        match (mark.look, mark.kind) {
            (Some(look), _) => {
                let is_number = look == Look::Digit && c.is_numeric();
                let goes_on = c.is_lowercase() || is_number || is_between(c) || kind(c).is_some();
                !goes_on
            }
            (None, Kind::Wide) => true,
            (None, Kind::Dots) => false,
            // Marks of one script among the characters of the other, which need no white space.
            (None, Kind::Dot | Kind::Strong) => {
                is_wide(c) && self.held[..mark.at].chars().next_back().is_some_and(is_wide)
            }
        }
    }

    /// Whether `c`, right behind a mark, belongs to what the mark ends.
    fn closes(&self, kind: Kind, c: char) -> bool {
        match c {
            // Chinese begins a quote with what German ends one with.
            '“' | '‘' | '«' | '‹' => kind != Kind::Wide,
            '"' => kind != Kind::Wide || self.in_quotes,
            // Also of Markdown; and of a line end in two characters the first.
            '\'' | ')' | ']' | '}' | '”' | '’' | '»' | '›' | '*' | '_' | '~' | '`' | '\r' => true,
            '」' | '』' | '）' | '】' | '》' | '〉' | '］' | '｝' | '〕' | '｣' => true,
            _ => false,
        }
    }

    fn end(&mut self, begins_line: bool, out: &mut dyn FnMut(&str)) {
        if !self.held.is_empty() {
            out(&self.held);
        }
        self.held.clear();
        (self.mark, self.is_blank, self.has_word, self.begins_line) = (None, true, false, begins_line);
    }
}

impl Mark {
    /// With a further mark, at `at`.
    fn and(self, kind: Kind, at: usize) -> Self {
        if self.is_closed {
            return Self { kind, at, is_closed: false, look: None };
        }
        let kind = if kind == Kind::Dot { Kind::Dots } else { kind };
        Self { kind: kind.max(self.kind), ..self }
    }
}

fn kind(c: char) -> Option<Kind> {
    Some(match c {
        '.' => Kind::Dot,
        '…' => Kind::Dots,
        // Also of Arabic, Urdu and Hindi.
        '!' | '?' | '‼' | '⁇' | '⁈' | '⁉' | '؟' | '۔' | '।' | '॥' => Kind::Strong,
        '。' | '！' | '？' | '｡' => Kind::Wide,
        _ => return None,
    })
}

fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\u{2028}' | '\u{2029}')
}

/// Whether it stands between parts of one sentence.
fn is_between(c: char) -> bool {
    matches!(c, ',' | ';' | ':' | '-' | '–' | '—' | ')' | ']' | '}')
}

/// Whether it is of a script without white space between words.
fn is_wide(c: char) -> bool {
    matches!(c, '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9d}' | '\u{20000}'..='\u{3ffff}')
}

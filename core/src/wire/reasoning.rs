//! A model's thinking inside its text: `<think>…</think>` at the beginning goes to the reasoning channel.
//!
//! The rules:
//! - A block counts only at the very beginning of an answer, after white space at most; a tag further on is text.
//! - The tags go, and the white space that follows each; every other character comes out on one channel or the other.
//! - A server that sends reasoning in a field of its own has cut the block out already: its text is left alone.
//! - Some chat templates open the block in the prompt, so that the answer begins inside it. Text that was handed
//!   out cannot be called back when a `</think>` turns up, so text waits for it only where the model is known for
//!   this ([`begins_inside`]); then what came before the tag is reasoning, and without a tag all of it is text, but
//!   for an answer that was cut, in which the tag is still to come.
//!   From any other model a closing tag without an opening one is text like any other.

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";

/// Where a piece of text belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// The answer.
    Text,
    /// The thinking before it.
    Reasoning,
}

/// Whether a model's template is known to open the block in the prompt: DeepSeek-R1 and its distillations, QwQ,
/// and Qwen's models named "Thinking". (Hybrid models open it themselves.)
pub fn begins_inside(model: &str) -> bool {
    let model = model.to_ascii_lowercase();
    ["deepseek-r1", "qwq", "thinking"].iter().any(|name| model.contains(name))
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// White space so far.
    #[default]
    Start,
    /// That many bytes of the opening tag.
    Opening(usize),
    /// No opening tag from a model that begins inside the block: everything waits for the closing one.
    Unsure,
    /// Behind the opening tag: white space goes with it.
    Opened,
    Inside,
    /// Behind the closing tag: white space goes with it.
    Closed,
    Text,
    /// Text of a kind that is never searched.
    Off,
}

/// Sorts the text of one choice into its two channels, tags cut anywhere.
#[derive(Clone, Debug, Default)]
pub struct Splitter {
    state: State,
    /// What is not decided yet.
    held: String,
    /// What was taken out before and after the reasoning: the text as the server sent it is made of all four.
    opening: String,
    closing: String,
}

impl Splitter {
    /// One that leaves text alone.
    pub fn off() -> Self {
        Self { state: State::Off, ..Self::default() }
    }

    /// One for the same kind of text, from its beginning.
    pub fn fresh(&self) -> Self {
        if self.state == State::Off { Self::off() } else { Self::default() }
    }

    /// The text that was taken out around the reasoning, if a block was found.
    pub fn tags(&self) -> Option<(&str, &str)> {
        // A block that a template opened and nobody closed has neither.
        let found = !self.opening.is_empty() || !self.closing.is_empty() || self.state == State::Inside;
        found.then_some((self.opening.as_str(), self.closing.as_str()))
    }

    /// Sorts the next piece of text; `inside` says whether the model begins inside the block.
    pub fn push(&mut self, text: &str, inside: bool, out: &mut impl FnMut(Channel, &str)) {
        let mut rest = text;
        while !rest.is_empty() {
            rest = match self.state {
                State::Start => self.start(rest),
                State::Opening(seen) => self.opening(seen, rest, inside, out),
                State::Opened => {
                    let text = rest.trim_start();
                    self.opening.push_str(&rest[..rest.len() - text.len()]);
                    if !text.is_empty() {
                        self.state = State::Inside;
                    }
                    text
                }
                State::Unsure | State::Inside => self.inside(rest, out),
                State::Closed => {
                    let text = rest.trim_start();
                    self.closing.push_str(&rest[..rest.len() - text.len()]);
                    if !text.is_empty() {
                        self.state = State::Text;
                    }
                    text
                }
                State::Text | State::Off => {
                    out(Channel::Text, rest);
                    ""
                }
            };
        }
    }

    /// The server sends reasoning by itself: text is searched no longer, unless a block was found in it before.
    pub fn leave_alone(&mut self, out: &mut impl FnMut(Channel, &str)) {
        if matches!(self.state, State::Start | State::Opening(_) | State::Unsure) {
            self.finish(out);
        }
    }

    /// The answer was cut: what waits for the closing tag is thinking, for the text would have come behind it.
    pub fn cut(&mut self) {
        if self.state == State::Unsure {
            let text = self.held.trim_start().len();
            self.opening.extend(self.held.drain(..self.held.len() - text));
            self.state = State::Inside;
        }
    }

    /// Nothing follows: hands out what was held.
    pub fn finish(&mut self, out: &mut impl FnMut(Channel, &str)) {
        let held = std::mem::take(&mut self.held);
        let channel = if self.state == State::Inside { Channel::Reasoning } else { Channel::Text };
        if !held.is_empty() {
            out(channel, &held);
        }
        if matches!(self.state, State::Start | State::Opening(_) | State::Unsure) {
            self.state = State::Text;
        }
    }

    fn start<'a>(&mut self, rest: &'a str) -> &'a str {
        let text = rest.trim_start();
        self.held.push_str(&rest[..rest.len() - text.len()]);
        if !text.is_empty() {
            self.state = State::Opening(0);
        }
        text
    }

    fn opening<'a>(
        &mut self,
        seen: usize,
        rest: &'a str,
        inside: bool,
        out: &mut impl FnMut(Channel, &str),
    ) -> &'a str {
        let wanted = &OPEN[seen..];
        let length = wanted.bytes().zip(rest.bytes()).take_while(|(a, b)| a == b).count();
        let (same, after) = rest.split_at(length);
        self.held.push_str(same);
        if length == wanted.len() {
            self.opening = std::mem::take(&mut self.held);
            self.state = State::Opened;
        } else if !after.is_empty() {
            self.state = if inside { State::Unsure } else { State::Text };
            if !inside && !self.held.is_empty() {
                out(Channel::Text, &std::mem::take(&mut self.held));
            }
        } else {
            self.state = State::Opening(seen + length);
        }
        after
    }

    /// Looks for the closing tag; what may be its beginning waits, and in doubt everything does.
    fn inside<'a>(&mut self, rest: &'a str, out: &mut impl FnMut(Channel, &str)) -> &'a str {
        // Only the last bytes of what was searched can be the beginning of the tag. (A tag is ASCII: bytes do.)
        let searched = self.held.len();
        self.held.push_str(rest);
        let from =
            (0..=searched.saturating_sub(CLOSE.len() - 1)).rev().find(|at| self.held.is_char_boundary(*at));
        let from = from.unwrap_or(0);
        if let Some(at) = self.held[from..].find(CLOSE) {
            let end = from + at + CLOSE.len();
            let behind = self.held.len() - end;
            let reasoning = &self.held[..from + at];
            let text = if self.state == State::Unsure { reasoning.trim_start() } else { reasoning };
            self.opening.push_str(&reasoning[..reasoning.len() - text.len()]);
            if !text.is_empty() {
                out(Channel::Reasoning, text);
            }
            self.held.clear();
            self.closing.push_str(CLOSE);
            self.state = State::Closed;
            return &rest[rest.len() - behind..];
        }
        if self.state == State::Inside {
            let kept = (1..CLOSE.len()).rev().find(|length| self.held.ends_with(&CLOSE[..*length]));
            let split = self.held.len() - kept.unwrap_or(0);
            if split > 0 {
                out(Channel::Reasoning, &self.held[..split]);
                self.held.drain(..split);
            }
        }
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::{Channel, Splitter, begins_inside};

    fn sorted(pieces: &[&str], inside: bool) -> (String, String) {
        let (mut splitter, mut text, mut reasoning) = (Splitter::default(), String::new(), String::new());
        let mut out = |channel, piece: &str| {
            assert!(!piece.is_empty());
            match channel {
                Channel::Text => text.push_str(piece),
                Channel::Reasoning => reasoning.push_str(piece),
            }
        };
        for piece in pieces {
            splitter.push(piece, inside, &mut out);
        }
        splitter.finish(&mut out);
        (reasoning, text)
    }

    /// (what the server sends, whether the model begins inside, the reasoning, the text)
    const CASES: &[(&str, bool, &str, &str)] = &[
        ("Hello", false, "", "Hello"),
        ("  Hello", false, "", "  Hello"),
        (" \n", false, "", " \n"),
        ("<think>a</think>b", false, "a", "b"),
        (
            " <think>\nä < b</thin\n</think>\n\né </think> <think>",
            false,
            "ä < b</thin\n",
            "é </think> <think>",
        ),
        ("<think>\n\n</think>\n\nb", false, "", "b"),
        ("<think>cut <", false, "cut <", ""),
        ("<thinking>", false, "", "<thinking>"),
        ("<thi", false, "", "<thi"),
        ("a</think>b", false, "", "a</think>b"),
        ("\na</think>\nb", true, "a", "b"),
        ("<think>a</think>b", true, "a", "b"),
        ("<é</think>b", true, "<é", "b"),
        ("no thinking at all", true, "", "no thinking at all"),
    ];

    #[test]
    fn tags_may_be_cut_anywhere() {
        for (source, inside, reasoning, text) in CASES {
            let want = (String::from(*reasoning), String::from(*text));
            let bounds: Vec<_> = (0..=source.len()).filter(|at| source.is_char_boundary(*at)).collect();
            for at in &bounds {
                assert_eq!(sorted(&[&source[..*at], &source[*at..]], *inside), want, "{source:?} at {at}");
            }
            let letters: Vec<_> = bounds.windows(2).map(|pair| &source[pair[0]..pair[1]]).collect();
            assert_eq!(sorted(&letters, *inside), want, "{source:?} by letters");
        }
    }

    #[test]
    fn what_was_taken_out_is_remembered() {
        let source = " <think>\na\n</think>\n\nb";
        let (mut splitter, mut whole) = (Splitter::default(), [String::new(), String::new()]);
        splitter.push(source, false, &mut |channel, piece| whole[channel as usize].push_str(piece));
        let (opening, closing) = splitter.tags().unwrap();
        assert_eq!(format!("{opening}{}{closing}{}", whole[1], whole[0]), source);
        assert_eq!(Splitter::off().tags(), None);
    }

    #[test]
    fn models_that_begin_inside() {
        assert!(begins_inside("deepseek-ai/DeepSeek-R1-0528") && begins_inside("Qwen/QwQ-32B"));
        assert!(begins_inside("Qwen/Qwen3-Next-80B-A3B-Thinking"));
        assert!(!begins_inside("deepseek-ai/DeepSeek-V3") && !begins_inside("Qwen/Qwen3-235B-A22B"));
    }
}

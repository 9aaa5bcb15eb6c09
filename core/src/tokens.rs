//! How many tokens a text has, estimated: the models have vocabularies of megabytes, and each its own.
//!
//! Modern vocabularies (Llama 3, Qwen, DeepSeek, GPT) cut a text first, and alike: into words with the space before
//! them, numbers, runs of punctuation and of white space. Then they look up the longest pieces that they know. So a
//! text is read once as runs of one class, and a run costs what such a run costs on average by its length.

/// What the role and the borders of a message of a chat cost, in tokens.
pub const MESSAGE_OVERHEAD: i64 = 5;
/// What an image costs, in tokens: models cut it into tiles, and mostly 1024 × 1024 pixels come to about so many.
pub const IMAGE_TOKENS: i64 = 1500;

/// Costs are added up in thousandths of a token.
const TOKEN: i64 = 1000;

/// What a character is to a vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    /// A letter of English.
    Letter,
    Digit,
    Space,
    Newline,
    /// ASCII that is none of these.
    Mark,
    /// A letter of Latin beyond English, Greek, Cyrillic and so on: scripts with words.
    Foreign,
    /// Chinese, Japanese, Korean: a character is a syllable or a word.
    Cjk,
    /// Symbols, emoji, rare scripts.
    Other,
}

fn class(c: char) -> Class {
    match c {
        'a'..='z' | 'A'..='Z' => Class::Letter,
        '0'..='9' => Class::Digit,
        '\n' | '\r' => Class::Newline,
        ' ' | '\t' => Class::Space,
        '\0'..='\x7f' => Class::Mark,
        '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7af}'
        | '\u{3000}'..='\u{303f}'
        | '\u{ff00}'..='\u{ffef}'
        | '\u{20000}'..='\u{3ffff}' => Class::Cjk,
        _ if c.is_alphabetic() => Class::Foreign,
        _ => Class::Other,
    }
}

/// What a run of `length` characters of a class costs.
fn cost(class: Class, length: i64) -> i64 {
    match class {
        Class::Letter => TOKEN + (length - 6).max(0) * TOKEN / 5,
        Class::Digit => length * TOKEN / 2 + TOKEN / 2,
        // One space belongs to the word behind it.
        Class::Space => {
            if length > 1 {
                TOKEN
            } else {
                0
            }
        }
        Class::Newline => TOKEN,
        Class::Mark => TOKEN + (length - 1) * TOKEN / 2,
        Class::Foreign => length * TOKEN * 2 / 5,
        Class::Cjk => length * TOKEN,
        Class::Other => length * TOKEN * 2,
    }
}

/// About how many tokens a text has; linear in its length.
pub fn estimate(text: &str) -> i64 {
    let mut sum = 0;
    let mut run = (Class::Space, 0);
    for c in text.chars() {
        let class = class(c);
        if class != run.0 {
            sum += if run.1 > 0 { cost(run.0, run.1) } else { 0 };
            run = (class, 0);
        }
        run.1 += 1;
    }
    sum += if run.1 > 0 { cost(run.0, run.1) } else { 0 };
    (sum + TOKEN - 1) / TOKEN
}

#[cfg(test)]
mod tests {
    use super::estimate;

    #[test]
    fn an_estimate_grows_with_its_text() {
        assert_eq!(estimate(""), 0);
        assert_eq!(estimate("Hello, world!"), 4);
        assert!(estimate("Hello, world! ".repeat(1000).as_str()) >= 4000);
        assert!(estimate("你好,世界") >= 4);
    }
}

//! The canned text, and what a token is here.

/// Bytes that are no white space in one token.
const PIECE: usize = 8;
/// Words of an answer when nobody asks for another number.
pub const WORDS: usize = 60;

const FILLER: [&str; 7] = [
    "It comes in small pieces, so that a client can show them one by one.",
    "The same request with the same seed gives the same words.",
    "For a real answer, ask a real server.",
    "Another seed begins with another of these sentences.",
    "What follows is filler and means nothing.",
    "The pieces are counted, and the count is the usage at the end.",
    "Nobody thought about your question, and nobody will.",
];

/// The canned text: says what it is, quotes what was `asked`, and goes on with filler that `variant` chooses, in
/// `words` words.
pub fn canned(model: &str, asked: &str, variant: u64, words: usize) -> String {
    let opening = format!(
        "This is canned text from the simulator, which stands in for {model}. You wrote: \"{}\".",
        quote(asked)
    );
    let start = (variant % FILLER.len() as u64) as usize;
    let filler = FILLER.iter().cycle().skip(start).flat_map(|sentence| sentence.split(' '));
    let all: Vec<&str> = opening.split(' ').chain(filler).take(words).collect();
    let text = all.join(" ");
    format!("{}.", text.trim_end_matches(['.', ',', ':']))
}

/// What stands where a model's reasoning would.
pub fn canned_reasoning() -> &'static str {
    "This stands where reasoning would be; the simulator does none."
}

/// The last characters of a text, on one line.
pub fn quote(text: &str) -> String {
    const LONGEST: usize = 60;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().rev().nth(LONGEST - 1) {
        Some((start, _)) if start > 0 => format!("...{}", &line[start..]),
        _ => line,
    }
}

/// Cuts a text into tokens: white space and then up to eight bytes (never half a character) that are none.
/// Together they are the text.
pub fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut solid = 0;
    for character in text.chars() {
        let space = character.is_whitespace();
        let starts = if space { solid > 0 } else { solid + character.len_utf8() > PIECE };
        if starts || tokens.is_empty() {
            tokens.push(String::new());
            solid = 0;
        }
        solid += if space { 0 } else { character.len_utf8() };
        if let Some(last) = tokens.last_mut() {
            last.push(character);
        }
    }
    tokens
}

/// How long a prompt is, in tokens: four characters each, rounded up.
pub fn estimate(text: &str) -> usize {
    text.chars().count().div_ceil(4)
}

/// A text cut to `max_tokens` and before the first of `stops`, with the reason why it ends.
pub fn limit(text: &str, max_tokens: Option<usize>, stops: &[String]) -> (Vec<String>, &'static str) {
    let mut all = tokens(text);
    let cut = max_tokens.is_some_and(|most| most < all.len());
    all.truncate(max_tokens.unwrap_or(usize::MAX));
    let text = all.concat();
    let stop = stops.iter().filter(|stop| !stop.is_empty()).filter_map(|stop| text.find(stop.as_str())).min();
    match stop {
        Some(at) => (tokens(&text[..at]), "stop"),
        None => (all, if cut { "length" } else { "stop" }),
    }
}

#[cfg(test)]
mod tests {
    use super::{WORDS, canned, limit, quote, tokens};

    #[test]
    fn tokens_are_the_text() {
        let text = "A  word, an-extraordinarily-long-word\n日本語の長い言葉 🙂 ";
        let cut = tokens(text);
        assert_eq!(cut.concat(), text);
        assert_eq!(cut[..4], ["A", "  word,", " an-extra", "ordinari"]);
        assert!(cut.iter().all(|token| token.trim().len() <= 8));
        assert!(tokens("").is_empty());
    }

    #[test]
    fn canned_text_says_so_and_quotes() {
        let text = canned("a/b", "What\nis this?", 0, WORDS);
        assert!(
            text.starts_with("This is canned text from the simulator, which stands in for a/b."),
            "{text}"
        );
        assert!(text.contains("\"What is this?\""), "{text}");
        assert_eq!(text.split(' ').count(), WORDS);
        assert_eq!(text, canned("a/b", "What\nis this?", 7, WORDS));
        assert_ne!(text, canned("a/b", "What\nis this?", 1, WORDS));
        assert_eq!(quote(&"é".repeat(61)), format!("...{}", "é".repeat(60)));
        assert_eq!(quote(&"é".repeat(60)), "é".repeat(60));
    }

    #[test]
    fn ends_have_reasons() {
        let stops = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        let text = "one two three four";
        assert_eq!(limit(text, None, &[]).1, "stop");
        assert_eq!(limit(text, Some(4), &[]), (tokens(text), "stop"));
        assert_eq!(limit(text, Some(2), &[]), (stops(&["one", " two"]), "length"));
        assert_eq!(limit(text, Some(3), &stops(&["four", "", "ree", "wo"])), (stops(&["one", " t"]), "stop"));
        assert_eq!(limit(text, Some(1), &stops(&["two"])), (stops(&["one"]), "length"));
    }
}

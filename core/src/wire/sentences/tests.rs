use super::{LONG, LONGEST, Segmenter};

/// The sentences of a text that comes in these pieces.
fn of_pieces<'a>(pieces: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let (mut segmenter, mut sentences) = (Segmenter::default(), Vec::new());
    for piece in pieces {
        segmenter.push(piece, &mut |sentence| sentences.push(sentence.to_owned()));
    }
    segmenter.flush(&mut |sentence| sentences.push(sentence.to_owned()));
    assert!(segmenter.is_empty());
    sentences
}

/// Each line is one text; `|` stands where a sentence ends.
fn check(texts: &str) {
    for line in texts.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let line = line.replace("\\n", "\n").replace("\\r", "\r");
        let text = line.replace('|', "");
        assert_eq!(of_pieces([&*text]).join("|"), line.trim_end_matches('|'));
    }
}

#[test]
fn sentences_end_at_marks_before_white_space() {
    check(
        r#"
        One. |Two! |Three? |Four
        Really?! |Yes!!! |No
        He left… |She stayed. |
        No space.None here!Nor here
        One. | Two.
        (He said so.) |Then he left.
        He said "Go." |Then he left.
        **Note.** |This is bold. |_So is this._ |End.
        „Hallo.“ |Danach.
        «Bonjour.» |Après.
        ¿Qué? |¡Nada! |Fin.
        क्या? |हाँ। |ठीक है।
        !? ... hello. |Bye.
        :) hello. |Bye.
        "#,
    );
}

#[test]
fn wide_scripts_need_no_white_space() {
    check(
        r#"
        你好。|再见！|真的？|是的。
        你好！！|什么？！|好。
        「はい。」|と言った。|彼は「いいえ。」|と言う。
        他说。|“你好。”|我说。
        他说。|"你好。"|我说。|"再见。"|好
        你好!|我很好.|真的?|是的 and Hello!World
        我……不知道。|好。
        半角｡|です。 | 次。
        "#,
    );
}

#[test]
fn lines_end_sentences() {
    check(
        r"
        Title\n|Text. |More\n|\nAfter a gap\n|
        One.\n|Two.\r\n|Three\r\n|\r\nFour
        \n\n  Hello\n|
        etc.\n|And.
        1. First\n|2. Second. |Still the second.\n|10. Tenth
        - 1. One\n|**2.** Two\n|a. Alpha\n|ii. Beta\n|(3. Three
        Text 1. |First
        # 1. Heading\n|It was 3. |And 42. |Then
        ",
    );
}

#[test]
fn not_every_full_stop_is_an_end() {
    check(
        r"
        It is 3.14 or so. |Yes.
        It cost 5. |Then 6. and 7. |End.
        It was 2020. |then it was not.
        Ask Mr. Smith and Dr. Jones, Mrs. May vs. St. John. |Yes.
        Fruit, e.g. Apples, i.e. Food in the U.S. Army. |Yes.
        Apples, pears, etc. |Then more, etc. and so on.
        At 5 p.m. |She came at 6 a.m. sharp.
        J. R. R. Tolkien wrote it. |So did J.R.R. Tolkien.
        So do I. |Solve for x. |Done.
        See No. 5 and fig. 3 on p. 7. |No. |I do not. |Modern art. |Yes.
        On Jan. 5 it was cold in Jan. |Yes.
        Wait... what? |Wait... |What? |Wait...what
        Das ist z.B. Obst, z. B. Äpfel, d. h. Essen usw. |Ja.
        Am 3. Oktober und im 19. Jahrhundert. |Ja, am 3. und 4. des Monats.
        I am 25. |You are too.
        M. Dupont et Mme. Durand. |Oui.
        El Sr. García y la Dra. López, p.ej. Hoy. |Sí.
        А. С. Пушкин, ул. Ленина и т.д. и т.п. |Да.
        Visit example.com. |Or www.example.com/a.b?c=d! |See file.tar.gz.
        It works (mostly). |Ok.
        'Stop!' he cried. |'Stop!' |He cried.
        «Стой!» — сказал он. |Да.
        ",
    );
}

#[test]
fn a_sentence_is_handed_out_when_the_next_character_tells() {
    let mut segmenter = Segmenter::default();
    let mut after = |text: &str| {
        let mut sentences = Vec::new();
        segmenter.push(text, &mut |sentence| sentences.push(sentence.to_owned()));
        sentences.concat()
    };
    let steps =
        [("Hi", ""), (".", ""), (" ", "Hi. "), ("Dr.", ""), (" ", ""), ("Who", ""), ("?\n", "Dr. Who?\n")];
    for (text, out) in steps.into_iter().chain([("好。", ""), ("是", "好。"), ("...", ""), (" A", "是... ")])
    {
        assert_eq!(after(text), out, "{text}");
    }
}

#[test]
fn what_has_no_end_is_cut() {
    let words = "word ".repeat(2 * LONG / 5);
    let sentences = of_pieces([&*words]);
    assert_eq!(sentences.concat(), words);
    assert!(sentences[..2].iter().all(|sentence| sentence.len() == LONG), "{sentences:?}");
    for endless in ["好", "!", "x", ".", " ", "\"", "\n", "1.", "a.)"] {
        let text = endless.repeat(3 * LONGEST);
        let sentences = of_pieces([&*text]);
        assert_eq!(sentences.concat(), text);
        assert!(sentences.iter().all(|sentence| sentence.len() < LONGEST + 4), "{endless:?}");
    }
}

/// Whatever the text and however it is split: the sentences are the same, and put together they are the text.
#[test]
fn splitting_changes_nothing() {
    const PARTS: [&str; 40] = [
        ".", "!", "?", "…", "。", "！", "？", "｡", " ", "\n", "\r\n", "\"", "'", "(", ")", "“", "”", "」",
        "*", ",", "a", "I", "Mr", "etc", "e.g", "No", "1", "42", "3.14", "am", "Hello", "hello", "你好", "é",
        "👍", "-", "—", "...", ". ", "\u{3000}",
    ];
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..20_000 {
        let text: String = (0..random.usize(..24)).map(|_| PARTS[random.usize(..PARTS.len())]).collect();
        let whole = of_pieces([&*text]);
        assert_eq!(whole.concat(), text);
        assert!(whole.iter().all(|sentence| !sentence.is_empty()));
        let mut pieces = Vec::new();
        let mut rest = &*text;
        while let Some(at) =
            rest.char_indices().map(|(at, c)| at + c.len_utf8()).find(|_| random.u8(..3) == 0)
        {
            let (piece, after) = rest.split_at(at);
            pieces.push(piece);
            rest = after;
        }
        pieces.push(rest);
        assert_eq!(of_pieces(pieces.iter().copied()), whole, "{pieces:?}");
        let characters: Vec<_> = text.chars().map(String::from).collect();
        assert_eq!(of_pieces(characters.iter().map(String::as_str)), whole, "{text:?}");
    }
}

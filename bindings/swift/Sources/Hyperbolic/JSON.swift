import CHyperbolic

/// A text that is JSON, sent as it is written: schemas, and whatever the API has that this module does not name.
public struct JSON: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// The text.
    public var text: String

    /// A text that is JSON. It is checked where it is used.
    public init(_ text: String) { self.text = text }
    /// A text that is JSON.
    public init(stringLiteral text: String) { self.text = text }
    /// The text.
    public var description: String { text }
}

extension JSON {
    /// The beginning of a JSON object or array made whole, so that an answer can be shown while it arrives: what is open
    /// is closed, and what has no value yet is left out. nil where nothing has begun; what is whole stays as it is.
    public init?(closing beginning: String) throws(HyperbolicError) {
        let closed = try make(TextKind.self) { hb_json_close(beginning, beginning.utf8.count, $0, $1) }
        guard let text = closed.use({ text in copiedIfAny { hb_text_data(text, $0) } }) else { return nil }
        self.init(text)
    }
}

/// A type that says what it looks like as JSON, for answers (``Client/chat(_:as:)``) and the arguments of tools.
public protocol Schematic: Decodable {
    /// The JSON Schema of the type.
    static var jsonSchema: JSON { get }
}

/// Who speaks.
public enum Role: String, Sendable, Hashable {
    /// How to answer.
    case system
    /// The one who asks.
    case user
    /// The model.
    case assistant
    /// A tool, whose result it is.
    case tool
}

/// One turn of a chat.
public struct Message: Sendable {
    /// Who speaks: `.system`, `.user` or `.assistant`.
    public var role: Role
    /// What is said.
    public var text: String
    /// Go with a user's message.
    public var images: [Image]

    /// A turn.
    public init(role: Role, text: String, images: [Image] = []) {
        self.role = role
        self.text = text
        self.images = images
    }

    /// How to answer.
    public static func system(_ text: String) -> Message { Message(role: .system, text: text) }
    /// A user's message, with its images.
    public static func user(_ text: String, _ images: Image...) -> Message {
        Message(role: .user, text: text, images: images)
    }
    /// An earlier answer.
    public static func assistant(_ text: String) -> Message { Message(role: .assistant, text: text) }
}

/// An image, which goes with a user's message.
public struct Image: Sendable {
    /// Where its bytes are.
    public enum Source: Sendable {
        /// A JPEG, PNG or WebP of at most 20 MiB.
        case bytes([UInt8])
        /// An https, http or data: URL, which the server fetches.
        case url(String)
    }

    /// How closely the server should look.
    public enum Detail: String, Sendable {
        /// As it thinks best.
        case auto
        /// From afar.
        case low
        /// Closely.
        case high
    }

    /// Where its bytes are.
    public var source: Source
    /// How closely the server should look; nil says nothing.
    public var detail: Detail?

    /// An image by its bytes: of an array, or of a Data.
    public init(bytes: some Sequence<UInt8>, detail: Detail? = nil) {
        self.source = .bytes([UInt8](bytes))
        self.detail = detail
    }

    /// An image by its URL.
    public init(url: String, detail: Detail? = nil) {
        self.source = .url(url)
        self.detail = detail
    }
}

/// Something that the model may call.
public struct Tool: Sendable {
    /// 1 to 64 letters, digits, hyphens and underscores.
    public var name: String
    /// Tells the model what the tool is for.
    public var description: String
    /// The JSON Schema of the arguments; nil is a tool without parameters.
    public var parameters: JSON?

    /// A tool by the schema of its arguments.
    public init(_ name: String, description: String = "", parameters: JSON? = nil) {
        self.name = name
        self.description = description
        self.parameters = parameters
    }

    /// A tool by the type that its arguments are decoded as.
    public init(_ name: String, description: String = "", arguments: (some Schematic).Type) {
        self.init(name, description: description, parameters: arguments.jsonSchema)
    }
}

/// A tool that the model calls.
public struct ToolCall: Sendable, Hashable, Identifiable {
    /// Names the call; its result goes back under it. Never empty.
    public internal(set) var id: String
    /// The tool.
    public internal(set) var name: String
    /// JSON as the model wrote it; "" for a tool without parameters.
    public internal(set) var arguments: String
    /// Which call of its choice it is, from 0; of ``Conversation/openToolCalls`` which of those.
    public internal(set) var index: Int
    /// Whether the arguments are a whole JSON object, or empty. Any other call cannot be run.
    public internal(set) var isWhole: Bool

    /// The arguments as a value; empty ones are an empty object.
    public func decode<Arguments: Decodable>(as type: Arguments.Type = Arguments.self) throws -> Arguments {
        try JSON(arguments.isEmpty ? "{}" : arguments).decode(as: type)
    }
}

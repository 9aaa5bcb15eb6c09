/// What is asked. Messages or a conversation make it a chat, a prompt makes it a text completion. What is nil is left to
/// the server, or to the client.
///
/// A request is checked before anything is sent; a bad field is ``HyperbolicError/invalidArgument(_:)``, and
/// `details.param` names it.
public struct Request: Sendable {
    /// What to ask, such as "meta-llama/Llama-3.3-70B-Instruct".
    public var model: String?
    /// Are asked in this order where one is gone or overloaded, before anything of an answer came.
    public var fallbackModels: [String] = []

    /// Is sent as it is when the call begins; ``messages`` follow it.
    public var conversation: Conversation?
    /// Are sent in this order.
    public var messages: [Message] = []
    /// Makes it a text completion.
    public var prompt: Prompt?
    /// The text that follows the answer of a text completion.
    public var suffix: String?
    /// Repeat the prompt before the answer of a text completion.
    public var echo: Bool?
    /// Have the server write so many text completions and return the best.
    public var bestOf: Int64?

    /// Limits the answer, in tokens.
    public var maxTokens: Int64?
    /// 0 to 2; higher is more varied.
    public var temperature: Double?
    /// Sample from the most likely tokens whose probabilities sum to this, 0 to 1.
    public var topP: Double?
    /// Sample from so many most likely tokens; -1 is no limit.
    public var topK: Int64?
    /// Leave out tokens less likely than this share of the most likely one, 0 to 1.
    public var minP: Double?
    /// Make tokens less likely the more often they stand in the answer, -2 to 2.
    public var frequencyPenalty: Double?
    /// Make tokens less likely once they stand in the answer, -2 to 2.
    public var presencePenalty: Double?
    /// Divide the likelihood of tokens that were there already; above 0.
    public var repetitionPenalty: Double?
    /// Make tokens of the model's vocabulary more or less likely, -100 to 100.
    public var logitBias: [Int64: Double] = [:]
    /// Texts at which the answer ends.
    public var stop: [String] = []
    /// Ask for so many answers to the same question.
    public var n: Int64?
    /// Ask for the same answer again whenever the rest is the same.
    public var seed: Int64?
    /// Ask for the log-probability of each token.
    public var logprobs: Bool?
    /// Ask for those of so many most likely tokens at each place too, 0 to 20.
    public var topLogprobs: Int64?
    /// Names your own user, for the server's abuse watch.
    public var user: String?

    /// Ask for an answer that is JSON.
    public var format: Format?
    /// Are offered to the model.
    public var tools: [Tool] = []
    /// What the model does with them. Default: `.auto`.
    public var toolChoice: ToolChoice?
    /// Let the model call several tools in one answer, or one at most.
    public var parallelToolCalls: Bool?

    /// Deliver text in whole sentences, for speech.
    public var sentences = false
    /// Leave the model's reasoning out of events and response. It is billed all the same.
    public var omitsReasoning = false
    /// Hand the reasoning of earlier turns back with the conversation.
    public var sendsReasoning = false

    /// Replaces the client's.
    public var firstTokenTimeout: Timeout?
    /// Replaces the client's.
    public var idleTimeout: Timeout?
    /// Replaces the client's.
    public var totalTimeout: Timeout?
    /// Replaces the client's.
    public var maxRetries: UInt32?
    /// Replaces the client's.
    public var retriesDeadlines: Bool?

    /// Further keys of the body: whatever the API has or will have. A key here counts more than the field for it.
    public var extra: [String: JSON] = [:]
    /// A whole body, as the API documents it, to begin with; what is set beside is added to it.
    public var body: JSON?

    /// A chat of one question, or a request to be filled.
    public init(model: String, _ question: String? = nil) {
        self.model = model
        if let question { messages = [.user(question)] }
    }

    /// A chat of these messages.
    public init(model: String, messages: [Message]) {
        self.model = model
        self.messages = messages
    }

    /// A chat that goes on with a conversation.
    public init(model: String, conversation: Conversation) {
        self.model = model
        self.conversation = conversation
    }

    /// A text completion.
    public init(model: String, prompt: Prompt) {
        self.model = model
        self.prompt = prompt
    }

    /// A request by its whole body, as the API documents it.
    public init(body: JSON) { self.body = body }

    /// What a text completion completes.
    public enum Prompt: Sendable, ExpressibleByStringLiteral {
        /// A text.
        case text(String)
        /// Several, side by side: choices p * n to p * n + n - 1 are those of prompt p.
        case texts([String])
        /// Tokens of the model's own vocabulary.
        case tokens([Int64])

        /// A text.
        public init(stringLiteral text: String) { self = .text(text) }
    }

    /// The form of an answer that is JSON. The library does not check it.
    public enum Format: Sendable {
        /// An object; say in a message which one.
        case jsonObject
        /// What fits a schema. The name, of 1 to 64 letters, digits, hyphens and underscores, is the server's for it.
        case jsonSchema(JSON, name: String = "answer", isStrict: Bool = true)
    }

    /// What the model does with tools.
    public enum ToolChoice: Sendable {
        /// It may call them.
        case auto
        /// It must not.
        case none
        /// It must call one. Hyperbolic's own server does not know this.
        case required
        /// It must call this one.
        case tool(String)
    }
}

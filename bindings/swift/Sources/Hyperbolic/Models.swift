import CHyperbolic

/// What some source knows of models.
public struct ModelList: Sendable {
    /// The day, as "YYYY-MM-DD", on which a catalogue was true; nil for the list of a server.
    public let date: String?
    /// The models, in the order of the source.
    public let models: [Model]

    /// The built-in list of Hyperbolic's models with contexts and prices. Nothing refuses a model that is not in it.
    public static let catalog = ModelList(hb_catalog())

    /// The model with this id.
    public subscript(id: String) -> Model? { models.first { $0.id == id } }

    /// What is known of a model. What the source does not say is nil.
    public struct Model: Sendable, Hashable, Identifiable {
        /// What a request names the model by.
        public let id: String
        /// For people.
        public let name: String?
        /// Whether the model takes chats, or text completions only.
        public let isChat: Bool?
        /// Whether it can call tools.
        public let hasTools: Bool?
        /// Whether it takes images.
        public let hasImages: Bool?
        /// How many tokens prompt and answer may have together.
        public let context: Int64?
        /// The price of a prompt token in pico-USD (10^-12 $), so that 2,000,000 is 2 $ a million tokens.
        public let inputPricePicoUSD: Int64?
        /// The price of an answer token in pico-USD.
        public let outputPricePicoUSD: Int64?
    }

    init(_ from: OpaquePointer) {
        date = String(ifAny: hb_model_list_date(from))
        models = (0..<hb_model_list_count(from)).map { index in
            Model(
                id: String(cString: hb_model_list_id(from, index)),
                name: String(ifAny: hb_model_list_name(from, index)),
                isChat: known(hb_model_list_is_chat(from, index)),
                hasTools: known(hb_model_list_has_tools(from, index)),
                hasImages: known(hb_model_list_has_images(from, index)),
                context: known(hb_model_list_context(from, index)),
                inputPricePicoUSD: known(hb_model_list_input_price_picousd(from, index)),
                outputPricePicoUSD: known(hb_model_list_output_price_picousd(from, index)))
        }
    }
}

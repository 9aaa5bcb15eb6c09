import CHyperbolic

extension Request {
    /// Makes the library's form of the request. Bad values are remembered there, and whatever uses it reports the first.
    func build() -> Handle<RequestKind> {
        let built: Handle<RequestKind>
        if let body {
            built = Handle(hb_request_from_json(body.text, body.text.utf8.count))
            if let model, let quoted = try? JSON(encoding: model) { built.use { set(quoted, for: "model", $0) } }
        } else {
            let model = model ?? ""
            built = Handle(hb_request_new(model, model.utf8.count))
        }
        built.use { to in
            buildChat(to)
            buildCompletion(to)
            buildSampling(to)
            buildTools(to)
            buildPolicy(to)
            for (key, value) in extra.sorted(by: { $0.key < $1.key }) { set(value, for: key, to) }
        }
        return built
    }

    private func set(_ value: JSON, for key: String, _ to: OpaquePointer) {
        hb_request_set_json(to, key.identifier, value.text, value.text.utf8.count)
    }

    private func buildChat(_ to: OpaquePointer) {
        conversation?.use { hb_request_set_conversation(to, $0) }
        for message in messages {
            hb_request_add_message(to, message.role.rawValue, message.text, message.text.utf8.count)
            for image in message.images {
                switch image.source {
                case .bytes(let bytes): hb_request_add_image(to, bytes, bytes.count, image.detail?.rawValue)
                case .url(let url): hb_request_add_image_url(to, url, url.utf8.count, image.detail?.rawValue)
                }
            }
        }
    }

    private func buildCompletion(_ to: OpaquePointer) {
        switch prompt {
        case nil: break
        case .text(let text): hb_request_set_prompt(to, text, text.utf8.count)
        case .texts(let texts): for text in texts { hb_request_add_prompt(to, text, text.utf8.count) }
        case .tokens(let tokens): hb_request_set_prompt_tokens(to, tokens, tokens.count)
        }
        if let suffix { hb_request_set_suffix(to, suffix, suffix.utf8.count) }
        if let echo { hb_request_set_echo(to, echo.flag) }
        if let bestOf { hb_request_set_best_of(to, bestOf) }
    }

    private func buildSampling(_ to: OpaquePointer) {
        if let maxTokens { hb_request_set_max_tokens(to, maxTokens) }
        if let temperature { hb_request_set_temperature(to, temperature) }
        if let topP { hb_request_set_top_p(to, topP) }
        if let topK { hb_request_set_top_k(to, topK) }
        if let minP { hb_request_set_min_p(to, minP) }
        if let frequencyPenalty { hb_request_set_frequency_penalty(to, frequencyPenalty) }
        if let presencePenalty { hb_request_set_presence_penalty(to, presencePenalty) }
        if let repetitionPenalty { hb_request_set_repetition_penalty(to, repetitionPenalty) }
        // In an order of their own, so that the same request is the same bytes.
        for (token, bias) in logitBias.sorted(by: <) { hb_request_set_logit_bias(to, token, bias) }
        for text in stop { hb_request_add_stop(to, text, text.utf8.count) }
        if let n { hb_request_set_n(to, n) }
        if let seed { hb_request_set_seed(to, seed) }
        if let logprobs { hb_request_set_logprobs(to, logprobs.flag) }
        if let topLogprobs { hb_request_set_top_logprobs(to, topLogprobs) }
        if let user { hb_request_set_user(to, user, user.utf8.count) }
    }

    private func buildTools(_ to: OpaquePointer) {
        switch format {
        case nil: break
        case .jsonObject: hb_request_set_json_object(to)
        case .jsonSchema(let schema, let name, let isStrict):
            hb_request_set_json_schema(to, name.identifier, schema.text, schema.text.utf8.count, isStrict.flag)
        }
        for tool in tools {
            let schema = tool.parameters?.text ?? ""
            hb_request_add_tool(
                to, tool.name.identifier, tool.description, tool.description.utf8.count, schema, schema.utf8.count)
        }
        switch toolChoice {
        case nil: break
        case .auto: hb_request_set_tool_choice(to, "auto")
        case .none?: hb_request_set_tool_choice(to, "none")
        case .required: hb_request_set_tool_choice(to, "required")
        case .tool(let name): hb_request_set_tool_choice(to, name.identifier)
        }
        if let parallelToolCalls { hb_request_set_parallel_tool_calls(to, parallelToolCalls.flag) }
    }

    private func buildPolicy(_ to: OpaquePointer) {
        for model in fallbackModels { hb_request_add_fallback_model(to, model, model.utf8.count) }
        if let firstTokenTimeout { hb_request_set_first_token_timeout_ms(to, firstTokenTimeout.milliseconds) }
        if let idleTimeout { hb_request_set_idle_timeout_ms(to, idleTimeout.milliseconds) }
        if let totalTimeout { hb_request_set_total_timeout_ms(to, totalTimeout.milliseconds) }
        if let maxRetries { hb_request_set_max_retries(to, maxRetries) }
        if let retriesDeadlines { hb_request_set_retry_deadlines(to, retriesDeadlines.flag) }
        hb_request_set_sentences(to, sentences.flag)
        hb_request_set_omit_reasoning(to, omitsReasoning.flag)
        hb_request_set_send_reasoning(to, sendsReasoning.flag)
    }

    /// Says what sending the request would refuse, without sending it.
    public func check() throws(HyperbolicError) {
        try build().use { request throws(HyperbolicError) in try attempt { hb_request_check(request, $0) } }
    }
}

import CHyperbolic

extension Client {
    /// What a client has done so far. Each number only grows.
    public struct Stats: Sendable, Hashable {
        /// Requests that were started.
        public let requests: Int64
        /// HTTP requests: every attempt of every request.
        public let attempts: Int64
        /// Attempts after the first of a request.
        public let retries: Int64
        /// Those of them that went again at once because a kept connection was dead.
        public let replays: Int64
        /// Connections that were made.
        public let connections: Int64
        /// Answers with HTTP 429.
        public let rateLimited: Int64
        /// Requests that ended with a whole answer.
        public let succeeded: Int64
        /// Requests that ended with an error.
        public let failed: Int64
        /// Requests that you ended.
        public let cancelled: Int64
        /// Tokens of prompts, as servers counted them.
        public let promptTokens: Int64
        /// Tokens of answers, as servers counted them.
        public let completionTokens: Int64
        /// What the answers cost, in nano-USD (10^-9 $).
        public let spentNanoUSD: Int64
        /// Answers that count nothing in ``spentNanoUSD``, because their usage or price is not known.
        public let unpriced: Int64
        /// Log records that were dropped because too many waited.
        public let logsDropped: Int64
    }

    /// What the client has done so far. A request is counted as ended before its call returns.
    public var stats: Stats {
        use { client in
            Stats(
                requests: hb_client_count(client, HB_COUNT_REQUESTS),
                attempts: hb_client_count(client, HB_COUNT_ATTEMPTS),
                retries: hb_client_count(client, HB_COUNT_RETRIES),
                replays: hb_client_count(client, HB_COUNT_REPLAYS),
                connections: hb_client_count(client, HB_COUNT_CONNECTIONS),
                rateLimited: hb_client_count(client, HB_COUNT_RATE_LIMITED),
                succeeded: hb_client_count(client, HB_COUNT_SUCCEEDED),
                failed: hb_client_count(client, HB_COUNT_FAILED),
                cancelled: hb_client_count(client, HB_COUNT_CANCELLED),
                promptTokens: hb_client_count(client, HB_COUNT_PROMPT_TOKENS),
                completionTokens: hb_client_count(client, HB_COUNT_COMPLETION_TOKENS),
                spentNanoUSD: hb_client_count(client, HB_COUNT_SPENT_NANOUSD),
                unpriced: hb_client_count(client, HB_COUNT_UNPRICED),
                logsDropped: hb_client_count(client, HB_COUNT_LOGS_DROPPED))
        }
    }

    /// What a client has used of one model.
    public struct ModelUsage: Sendable, Hashable {
        /// As requests named it.
        public let model: String
        /// Requests that were started.
        public let requests: Int64
        /// HTTP requests.
        public let attempts: Int64
        /// Tokens of prompts, as servers counted them.
        public let promptTokens: Int64
        /// Tokens of answers, as servers counted them.
        public let completionTokens: Int64
        /// What the answers cost, in nano-USD (10^-9 $), where that is known.
        public let costNanoUSD: Int64
        /// Answers of which it is not known.
        public let unpriced: Int64
    }

    /// What the client has used so far, model by model, in the order of first use.
    public func usage() throws(HyperbolicError) -> [ModelUsage] {
        try make(UsageKind.self) { usage, error in use { hb_client_usage($0, usage, error) } }.use { usage in
            (0..<hb_usage_count(usage)).map { row in
                ModelUsage(
                    model: String(cString: hb_usage_model(usage, row)),
                    requests: hb_usage_requests(usage, row),
                    attempts: hb_usage_attempts(usage, row),
                    promptTokens: hb_usage_prompt_tokens(usage, row),
                    completionTokens: hb_usage_completion_tokens(usage, row),
                    costNanoUSD: hb_usage_cost_nanousd(usage, row),
                    unpriced: hb_usage_unpriced(usage, row))
            }
        }
    }
}

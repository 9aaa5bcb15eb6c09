import CHyperbolic

extension Conversation {
    /// A message of a conversation.
    public struct Entry: Sendable, Hashable {
        /// Who speaks: `.user`, `.assistant` or `.tool`.
        public let role: Role
        /// What is said; of a tool its result.
        public let text: String
        /// The model's thinking before its message; "" if it showed none.
        public let reasoning: String
        /// Whether the message is of an answer that was cut off.
        public let isPartial: Bool
        /// How many images go with the message.
        public let imageCount: Int
        /// The tools that the message calls.
        public let toolCalls: [ToolCall]
        /// Which call a tool's message answers.
        public let toolResultID: ToolCall.ID?
        /// What you attached to the message.
        public let metadata: [String: String]

        init(_ from: OpaquePointer, _ index: UInt32) {
            role = Role(rawValue: String(cString: hb_conversation_role(from, index))) ?? .assistant
            text = copied { hb_conversation_text(from, index, $0) }
            reasoning = copied { hb_conversation_reasoning(from, index, $0) }
            isPartial = hb_conversation_is_partial(from, index) == 1
            imageCount = Int(hb_conversation_image_count(from, index))
            toolCalls = (0..<hb_conversation_tool_call_count(from, index)).map { call in
                ToolCall(
                    id: String(cString: hb_conversation_tool_call_id(from, index, call)),
                    name: String(cString: hb_conversation_tool_call_name(from, index, call)),
                    arguments: copied { hb_conversation_tool_call_arguments(from, index, call, $0) },
                    index: Int(call), isWhole: true)  // no other is taken into a conversation
            }
            toolResultID = String(ifAny: hb_conversation_tool_result_id(from, index))
            let attached = (0..<hb_conversation_metadata_count(from, index)).map { place in
                let key = hb_conversation_metadata_key(from, index, place)
                return (String(cString: key), copied { hb_conversation_metadata(from, index, key, $0) })
            }
            metadata = Dictionary(attached) { first, _ in first }
        }
    }

    /// How many messages there are, results of tools among them; system prompt and summary do not count.
    public var count: Int { use { Int(hb_conversation_count($0)) } }

    /// About how many tokens it has, system prompt and summary with it.
    public var tokens: Int64 { use { hb_conversation_tokens($0) } }

    /// The messages, as they are now.
    public var entries: [Entry] { use { from in (0..<hb_conversation_count(from)).map { Entry(from, $0) } } }

    /// One message; there must be one with this index.
    public subscript(message: Int) -> Entry {
        use { from in
            precondition(
                (0..<Int(hb_conversation_count(from))).contains(message), "no message has the index \(message)")
            return Entry(from, UInt32(message))
        }
    }

    /// The calls that wait for their results, in the order of their messages.
    public var openToolCalls: [ToolCall] {
        use { from in
            (0..<hb_conversation_open_tool_call_count(from)).map { call in
                ToolCall(
                    id: String(cString: hb_conversation_open_tool_call_id(from, call)),
                    name: String(cString: hb_conversation_open_tool_call_name(from, call)),
                    arguments: copied { hb_conversation_open_tool_call_arguments(from, call, $0) },
                    index: Int(call), isWhole: true)
            }
        }
    }
}

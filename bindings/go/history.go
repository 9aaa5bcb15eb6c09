package hyperbolic

// #include <hyperbolic.h>
import "C"

// What can be read of a conversation.

// An Entry is a message of a conversation.
type Entry struct {
	// Role is RoleUser, RoleAssistant or RoleTool.
	Role string
	// Text is what is said; of a tool its result.
	Text string
	// Reasoning is the model's thinking before its message.
	Reasoning string
	// Partial says that the message is of an answer that was cut off.
	Partial bool
	// Images is how many images go with the message.
	Images int
	// ToolCalls are the tools that the message calls.
	ToolCalls []ToolCall
	// ToolResultID says which call a tool's message answers.
	ToolResultID string
	// Metadata is what you attached to the message; nil if nothing.
	Metadata map[string]string
}

// System is the system prompt; "" if there is none.
func (c *Conversation) System() (prompt string) {
	c.use(func(from *C.hb_conversation) {
		var length C.size_t
		text := C.hb_conversation_system(from, &length)
		prompt = copied(text, length)
	})
	return prompt
}

// Summary is the summary of what was trimmed; "" if there is none.
func (c *Conversation) Summary() (summary string) {
	c.use(func(from *C.hb_conversation) {
		var length C.size_t
		text := C.hb_conversation_summary(from, &length)
		summary = copied(text, length)
	})
	return summary
}

// Len is how many messages there are; system prompt and summary do not count.
func (c *Conversation) Len() (count int) {
	c.use(func(from *C.hb_conversation) { count = int(C.hb_conversation_count(from)) })
	return count
}

// Tokens is about how many tokens the conversation has, system prompt and summary with it.
func (c *Conversation) Tokens() (count int64) {
	c.use(func(from *C.hb_conversation) { count = int64(C.hb_conversation_tokens(from)) })
	return count
}

// Entries are the messages, as they are now.
func (c *Conversation) Entries() (entries []Entry) {
	c.use(func(from *C.hb_conversation) {
		for i := range C.hb_conversation_count(from) {
			entries = append(entries, readEntry(from, i))
		}
	})
	return entries
}

// Entry is one message; the zero value if there is none with this index.
func (c *Conversation) Entry(message int) (entry Entry) {
	c.use(func(from *C.hb_conversation) { entry = readEntry(from, index(message)) })
	return entry
}

// OpenToolCalls are the calls that wait for their results, in the order of their messages.
func (c *Conversation) OpenToolCalls() (calls []ToolCall) {
	c.use(func(from *C.hb_conversation) {
		for i := range C.hb_conversation_open_tool_call_count(from) {
			var length C.size_t
			arguments := C.hb_conversation_open_tool_call_arguments(from, i, &length)
			calls = append(calls, ToolCall{
				ID:        C.GoString(C.hb_conversation_open_tool_call_id(from, i)),
				Name:      C.GoString(C.hb_conversation_open_tool_call_name(from, i)),
				Arguments: copied(arguments, length),
				Index:     int(i),
				Whole:     true, // no other is taken into a conversation
			})
		}
	})
	return calls
}

func readEntry(from *C.hb_conversation, i C.uint32_t) Entry {
	var textLength, reasoningLength C.size_t
	text := C.hb_conversation_text(from, i, &textLength)
	reasoning := C.hb_conversation_reasoning(from, i, &reasoningLength)
	entry := Entry{
		Role:         C.GoString(C.hb_conversation_role(from, i)),
		Text:         copied(text, textLength),
		Reasoning:    copied(reasoning, reasoningLength),
		Partial:      C.hb_conversation_is_partial(from, i) == 1,
		Images:       int(C.hb_conversation_image_count(from, i)),
		ToolResultID: C.GoString(C.hb_conversation_tool_result_id(from, i)),
	}
	for j := range C.hb_conversation_tool_call_count(from, i) {
		var length C.size_t
		arguments := C.hb_conversation_tool_call_arguments(from, i, j, &length)
		entry.ToolCalls = append(entry.ToolCalls, ToolCall{
			ID:        C.GoString(C.hb_conversation_tool_call_id(from, i, j)),
			Name:      C.GoString(C.hb_conversation_tool_call_name(from, i, j)),
			Arguments: copied(arguments, length),
			Index:     int(j),
			Whole:     true,
		})
	}
	for j := range C.hb_conversation_metadata_count(from, i) {
		if entry.Metadata == nil {
			entry.Metadata = map[string]string{}
		}
		key := C.hb_conversation_metadata_key(from, i, j)
		var length C.size_t
		value := C.hb_conversation_metadata(from, i, key, &length)
		entry.Metadata[C.GoString(key)] = copied(value, length)
	}
	return entry
}

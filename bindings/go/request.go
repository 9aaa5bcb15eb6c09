package hyperbolic

import (
	"encoding/json"
	"time"
)

// A Request is what is asked. Messages or a Conversation make it a chat, a prompt makes it a text completion. What is
// zero is left to the server, or to the client. A pointer is a value that may be 0: [Ptr] makes one.
//
// A request is checked before anything is sent; a bad field is ErrInvalidArgument, and [Error.Param] names it. It is
// read when a call begins and not kept.
type Request struct {
	// Model is what to ask, such as "meta-llama/Llama-3.3-70B-Instruct".
	Model string
	// FallbackModels are asked in this order where one is gone or overloaded, before anything of an answer came.
	FallbackModels []string

	// Conversation is sent as it is when the call begins; Messages follow it.
	Conversation *Conversation
	// Messages are sent in this order.
	Messages []Message

	// Prompt makes it a text completion.
	Prompt string
	// Prompts are completed side by side: choices p*N to p*N+N-1 are those of prompt p.
	Prompts []string
	// PromptTokens is a prompt in the model's own vocabulary.
	PromptTokens []int64
	// Suffix is the text that follows the answer of a text completion.
	Suffix string
	// Echo repeats the prompt before the answer of a text completion.
	Echo *bool
	// BestOf has the server write so many answers to a prompt and send the best. Above 1 the answer comes whole.
	BestOf int64

	// MaxTokens limits the answer, in tokens.
	MaxTokens int64
	// Temperature is 0 to 2; higher is more varied.
	Temperature *float64
	// TopP samples from the most likely tokens whose probabilities sum to this, 0 to 1.
	TopP *float64
	// TopK samples from this many most likely tokens; -1 is no limit.
	TopK *int64
	// MinP leaves out tokens less likely than this share of the most likely one, 0 to 1.
	MinP *float64
	// FrequencyPenalty makes tokens less likely the more often they stand in the answer, -2 to 2.
	FrequencyPenalty *float64
	// PresencePenalty makes tokens less likely once they stand in the answer, -2 to 2.
	PresencePenalty *float64
	// RepetitionPenalty divides the likelihood of tokens that prompt or answer hold already; above 0.
	RepetitionPenalty *float64
	// LogitBias makes tokens of the model's vocabulary more or less likely, -100 to 100.
	LogitBias map[int64]float64
	// Stop are texts at which the answer ends.
	Stop []string
	// N asks for this many answers to the same question.
	N int64
	// Seed asks for the same answer again whenever the rest is the same.
	Seed *int64
	// Logprobs asks for the log-probability of each token.
	Logprobs *bool
	// TopLogprobs asks for those of the most likely tokens at each place too, 0 to 20 of them.
	TopLogprobs *int64
	// User names your own user, for the server's abuse watch.
	User string

	// JSONObject asks for an answer that is a JSON object; say in a message which one.
	JSONObject bool
	// JSONSchema asks for an answer that fits a schema.
	JSONSchema *JSONSchema

	// Tools are offered to the model.
	Tools []Tool
	// ToolChoice is "auto" (the default where there are tools), "none", "required", or the name of the tool that the
	// model must call.
	ToolChoice string
	// ParallelToolCalls lets the model call several tools in one answer, or one at most.
	ParallelToolCalls *bool

	// Sentences delivers text in whole sentences, for speech.
	Sentences bool
	// OmitReasoning leaves the model's reasoning out of events and response. It is billed all the same.
	OmitReasoning bool
	// SendReasoning hands the reasoning of earlier turns back with the conversation.
	SendReasoning bool

	// FirstTokenTimeout, IdleTimeout and TotalTimeout replace the client's; 0 leaves them, NoLimit is none. The context's
	// deadline holds in any case.
	FirstTokenTimeout, IdleTimeout, TotalTimeout time.Duration
	// MaxRetries replaces the client's; 0 leaves it, negative is never.
	MaxRetries int
	// RetryDeadlines replaces the client's.
	RetryDeadlines *bool

	// Extra are further keys of the body, with any value that encoding/json can write: whatever the API has or will have.
	// A key here counts more than the field for it.
	Extra map[string]any
	// Body is a whole body, as the API documents it, to begin with; the fields above are added to it.
	Body json.RawMessage
}

// Ptr makes a pointer to a value, for the optional fields of a Request.
func Ptr[T any](value T) *T {
	return &value
}

// The roles of messages.
const (
	RoleSystem    = "system"
	RoleUser      = "user"
	RoleAssistant = "assistant"
	RoleTool      = "tool"
)

// A Message is one turn of a chat.
type Message struct {
	// Role is RoleSystem, RoleUser or RoleAssistant.
	Role string
	Text string
	// Images go with a user's message.
	Images []Image
}

// System is a message that says how to answer.
func System(text string) Message {
	return Message{Role: RoleSystem, Text: text}
}

// User is a user's message.
func User(text string, images ...Image) Message {
	return Message{Role: RoleUser, Text: text, Images: images}
}

// Assistant is an earlier answer.
func Assistant(text string) Message {
	return Message{Role: RoleAssistant, Text: text}
}

// An Image goes with a user's message: its bytes, or where the server finds it.
type Image struct {
	// Data is a JPEG, PNG or WebP of at most 20 MiB.
	Data []byte
	// URL is an https, http or data: URL, if there are no Data.
	URL string
	// Detail is "low", "high" or "auto" where the server should be told how closely to look.
	Detail string
}

// A Tool is something that the model may call.
type Tool struct {
	// Name has 1 to 64 letters, digits, hyphens and underscores.
	Name string
	// Description tells the model what the tool is for.
	Description string
	// Parameters is the JSON Schema of the arguments: anything that encoding/json writes as an object, or a
	// json.RawMessage, which is sent as it is written. nil is a tool without parameters.
	Parameters any
}

// A JSONSchema is what an answer has to fit. The server keeps to it; the library does not check.
type JSONSchema struct {
	// Name is the server's name for it: 1 to 64 letters, digits, hyphens and underscores.
	Name string
	// Schema is anything that encoding/json writes as an object, or a json.RawMessage, which is sent as it is written.
	Schema any
	// Strict has the server hold the answer strictly to it.
	Strict bool
}

// Ask is a request of one question.
func Ask(model, question string) Request {
	return Request{Model: model, Messages: []Message{User(question)}}
}

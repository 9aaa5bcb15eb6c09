import CHyperbolic

/// Which of the header's types an object is of, and how it is freed. C's pointers to them all look the same to Swift.
protocol Kind {
    static func free(_ pointer: OpaquePointer)
}

enum ClientKind: Kind { static func free(_ pointer: OpaquePointer) { hb_client_free(pointer) } }
enum QueueKind: Kind { static func free(_ pointer: OpaquePointer) { hb_queue_free(pointer) } }
enum OptionsKind: Kind { static func free(_ pointer: OpaquePointer) { hb_options_free(pointer) } }
enum RequestKind: Kind { static func free(_ pointer: OpaquePointer) { hb_request_free(pointer) } }
enum ResponseKind: Kind { static func free(_ pointer: OpaquePointer) { hb_response_free(pointer) } }
enum ErrorKind: Kind { static func free(_ pointer: OpaquePointer) { hb_error_free(pointer) } }
enum ConversationKind: Kind { static func free(_ pointer: OpaquePointer) { hb_conversation_free(pointer) } }
enum ModelListKind: Kind { static func free(_ pointer: OpaquePointer) { hb_model_list_free(pointer) } }
enum UsageKind: Kind { static func free(_ pointer: OpaquePointer) { hb_usage_free(pointer) } }
enum LogKind: Kind { static func free(_ pointer: OpaquePointer) { hb_log_free(pointer) } }
enum TextKind: Kind { static func free(_ pointer: OpaquePointer) { hb_text_free(pointer) } }

/// An object of the library's, freed with the last reference to it, on whichever thread that goes.
///
/// It may be sent: clients and queues are thread-safe, responses and the like immutable. Of the others, requests and
/// options never leave the call that makes them, and a conversation is behind a lock.
final class Handle<Of: Kind>: @unchecked Sendable {
    private let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) { self.pointer = pointer }

    deinit { Of.free(pointer) }

    /// Calls C with the pointer, and keeps the object until it returns.
    @discardableResult
    func use<Answer, Failure: Error>(_ body: (OpaquePointer) throws(Failure) -> Answer) throws(Failure) -> Answer {
        defer { withExtendedLifetime(self) {} }
        return try body(pointer)
    }
}

/// Calls what answers a status and, through its last parameter, an error.
func attempt(_ call: (UnsafeMutablePointer<OpaquePointer?>) -> hb_status) throws(HyperbolicError) {
    var problem: OpaquePointer?
    let status = call(&problem)
    let error = problem.map(Handle<ErrorKind>.init)
    if status < 0 { throw HyperbolicError(status, error) }
}

/// The same of what makes an object.
func make<Of: Kind>(
    _: Of.Type, _ call: (UnsafeMutablePointer<OpaquePointer?>, UnsafeMutablePointer<OpaquePointer?>) -> hb_status
) throws(HyperbolicError) -> Handle<Of> {
    var made: OpaquePointer?
    try attempt { call(&made, $0) }
    guard let made else { throw .panic(.init("the library answered success and no \(Of.self)")) }
    return Handle(made)
}

/// Copies a text of the library's, which may hold NULs: `read` tells its length.
func copied(_ read: (UnsafeMutablePointer<Int>) -> UnsafePointer<CChar>) -> String {
    var length = 0
    let text = read(&length)
    return String(decoding: UnsafeRawBufferPointer(start: text, count: length), as: UTF8.self)
}

/// The same, or nil for the empty text, which is the library's word for nothing.
func copiedIfAny(_ read: (UnsafeMutablePointer<Int>) -> UnsafePointer<CChar>) -> String? {
    let text = copied(read)
    return text.isEmpty ? nil : text
}

extension String {
    /// nil for the empty text, which is the library's word for nothing.
    init?(ifAny text: UnsafePointer<CChar>) {
        if text.pointee == 0 { return nil }
        self.init(cString: text)
    }

    /// The text as an identifier, which ends at its NUL. One with a NUL in it would be cut there without a word: so it
    /// becomes one that the library refuses, because no identifier may have a control character.
    var identifier: String {
        utf8.contains(0) ? String(decoding: utf8.map { $0 == 0 ? 1 : $0 }, as: UTF8.self) : self
    }
}

/// -1 is the library's word for "not known".
func known(_ number: Int64) -> Int64? { number < 0 ? nil : number }
func known(_ answer: Int32) -> Bool? { answer < 0 ? nil : answer == 1 }

/// A number as the library takes it: what no list has becomes an index that no list has.
func index(_ number: Int) -> UInt32 { UInt32(exactly: number) ?? .max }

extension Bool {
    var flag: Int32 { self ? 1 : 0 }
}

import CHyperbolic
func hb_hold(_ op: hb_op, _ held: Int32) {}
func hb_start_models(_: OpaquePointer, _: OpaquePointer, _: UInt64, _: UnsafeMutablePointer<hb_op>, _: UnsafeMutablePointer<OpaquePointer?>) -> hb_status { HB_E_SYSTEM }
func hb_response_models(_: OpaquePointer) -> OpaquePointer? { nil }
func hb_request_set_pieces(_: OpaquePointer, _: Int32) {}

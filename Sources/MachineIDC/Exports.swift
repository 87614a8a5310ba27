public import CMachineID
internal import CPlatform
internal import CJansson
internal import CCurl

@_cdecl("mid_version") @implementation
public func mid_version() -> UnsafePointer<CChar>? {
    platform_version()
}
@_cdecl("mid_trap") func trap() { abort() }
@_cdecl("mid_status_name") @implementation
public func mid_status_name(_ status: mid_status) -> UnsafePointer<CChar>? {
  UnsafeRawPointer(("MID_OK" as StaticString).utf8Start).assumingMemoryBound(to: CChar.self)
}

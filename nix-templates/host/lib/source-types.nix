_lib:
let source = isSource: shortName: { inherit isSource shortName; }; in
{
  fromSource = source true "fromSource";
  binaryNativeCode = source false "binaryNativeCode";
  binaryBytecode = source false "binaryBytecode";
  binaryFirmware = source false "binaryFirmware";
}

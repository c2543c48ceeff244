lib: rec {
  traceIf = cond: message: x: if cond then builtins.trace message x else x;
  traceVal = traceValFn (x: x);
  traceValFn = f: x: builtins.trace (f x) x;
  traceSeq = x: y: builtins.trace (builtins.deepSeq x x) y;
  traceValSeq = traceValSeqFn (x: x);
  traceValSeqFn = f: x: traceValFn f (builtins.deepSeq x x);
}

lib: rec {
  fakeHash = "sha256-${fakeBase64 43}=";
  fakeSha256 = zeros 64;
  fakeSha512 = zeros 128;
  fakeBase64 = n: lib.concatStrings (lib.replicate n "A");
  zeros = n: lib.concatStrings (lib.replicate n "0");

  # Read by the daemon from its own environment, for fixed-output derivations only.
  proxyImpureEnvVars = [
    "http_proxy" "https_proxy" "ftp_proxy" "all_proxy" "no_proxy"
    "HTTP_PROXY" "HTTPS_PROXY" "FTP_PROXY" "ALL_PROXY" "NO_PROXY"
    "NIX_SSL_CERT_FILE"
  ];
}

# Run by fetchurl's builder.
if [ -n "$downloadToTemp" ]; then downloadedFile="$TMPDIR/file"; else downloadedFile="$out"; fi

fetched=""
# An address may hold `?`, which with nullglob would make it vanish.
set -f
for url in $urls; do
    echo "downloading $url"
    # --insecure: the certificates are not in the sandbox, and the hash decides.
    if eval "curl --fail --location --insecure --silent --show-error --retry 3 --connect-timeout 30 --max-redirs 20 \
        --proto '=http,https,ftp' --output \"\$downloadedFile\" $curlOpts $curlOptions ${NIX_CURL_FLAGS-} -- \"\$url\""; then
        fetched="$url"
        break
    fi
    rm -rf -- "$downloadedFile"
done
set +f
if [ -z "$fetched" ]; then
    echo "error: could not download $name" >&2
    exit 1
fi
if [ -n "$executable" ]; then chmod +x "$downloadedFile"; fi
eval "$postFetch"

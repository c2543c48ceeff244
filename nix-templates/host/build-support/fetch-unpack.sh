# Run by fetchzip's builder after the download.
unpackDir="$TMPDIR/unpack"
mkdir "$unpackDir"
renamed="$TMPDIR/$archiveName"
mv "$downloadedFile" "$renamed"
cd "$unpackDir"
unpackFile "$renamed"
chmod -R +w "$unpackDir"
if [ -n "$stripRoot" ]; then
    shopt -s dotglob
    entries=(*)
    shopt -u dotglob
    if [ ${#entries[@]} -ne 1 ] || [ ! -d "${entries[0]}" ]; then
        echo "error: the archive must hold a single directory; or give stripRoot = false" >&2
        exit 1
    fi
    mv "$unpackDir/${entries[0]}" "$out"
else
    mv "$unpackDir" "$out"
fi
cd "$TMPDIR"
chmod 755 "$out"

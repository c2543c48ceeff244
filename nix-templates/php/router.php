<?php
// PHP's own server asks this script before it answers a request. Without it, that server would hand out every file below
// the web root: .env, .git, a database file in a directory that the application closes with .htaccess.

$hop3_answer = (static function () {
    $root = rtrim($_SERVER['DOCUMENT_ROOT'], '/');
    $path = rawurldecode(preg_split('/[?#]/', $_SERVER['REQUEST_URI'], 2)[0]);

    // What PHP found for the request; for a path that leads nowhere, this script.
    $found = $_SERVER['SCRIPT_FILENAME'];
    $file = str_starts_with($found, "$root/") ? substr($found, strlen($root)) : null;

    $hidden = '#/\.(?!well-known(?:/|$))#';
    if (($file !== null && preg_match($hidden, $file)) || (preg_match($hidden, "/$path") && (str_contains($path, "\0") || file_exists("$root/$path")))) {
        http_response_code(404);
        echo "Not found\n";
        return true;
    }

    // Directories that the application closes for Apache are closed here: the last word on the way to the file counts.
    $closed = false;
    $directory = $root;
    foreach (explode('/', dirname($file ?? $path)) as $part) {
        if ($part !== '') {
            $directory .= "/$part";
        }
        $rules = @file_get_contents("$directory/.htaccess");
        if ($rules === false) {
            continue;
        }
        // Sections for some files or methods say nothing about the others.
        $rules = preg_replace('#<(Files|FilesMatch|Limit|LimitExcept)\b.*?</\1>#is', '', $rules);
        if (preg_match('/^\s*(?:deny\s+from\s+all|require\s+all\s+denied)\b/im', $rules)) {
            $closed = true;
        } elseif (preg_match('/^\s*(?:allow\s+from\s+all|require\s+all\s+granted)\b/im', $rules)) {
            $closed = false;
        }
    }
    if ($closed) {
        http_response_code(403);
        echo "Forbidden\n";
        return true;
    }

    // PHP's server gives a path without a dot to the nearest index.php, and refuses one with a dot ("/sitemap.xml"), which
    // many applications answer, too. Files that only ever lie on a disk stay "not found".
    if ($file === null && is_file("$root/index.php")
        && !preg_match('/\.(?:php|css|js|mjs|map|png|jpe?g|gif|svg|ico|webp|avif|woff2?|ttf|otf|eot|mp[34]|webm|wasm)$/i', $path)) {
        return $path;
    }
    return false;
})();
if (!is_string($hop3_answer)) {
    return $hop3_answer;
}
$_SERVER['SCRIPT_NAME'] = '/index.php';
$_SERVER['SCRIPT_FILENAME'] = rtrim($_SERVER['DOCUMENT_ROOT'], '/') . '/index.php';
$_SERVER['PATH_INFO'] = $hop3_answer;
$_SERVER['PHP_SELF'] = '/index.php' . $hop3_answer;
unset($hop3_answer);
chdir($_SERVER['DOCUMENT_ROOT']);
require $_SERVER['SCRIPT_FILENAME'];
return true;

<?php
declare(strict_types=1);

function page(string $title, string $text): void
{
    $title = htmlspecialchars($title);
    $text = htmlspecialchars($text);
    echo "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>$title</title><link rel=\"stylesheet\" href=\"/style.css\">\n";
    echo "<h1>$title</h1>\n<p>$text</p>\n</html>\n";
}

/** @param list<string> $paths */
function sitemap(array $paths): void
{
    header('content-type: application/xml');
    $host = htmlspecialchars($_SERVER['HTTP_HOST']);
    $urls = array_map(fn (string $path): string => "<url><loc>http://$host$path</loc></url>", $paths);
    echo '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">', implode('', $urls), "</urlset>\n";
}

/** A session outlives a deploy: it lies in the data directory. */
function visits(): void
{
    session_start();
    $_SESSION['visits'] = ($_SESSION['visits'] ?? 0) + 1;
    page('Visits', "You were here {$_SESSION['visits']} times.");
}

function missing(string $path): void
{
    http_response_code(404);
    page('Not found', mb_strtoupper(basename($path)) . ' is not one of the pages.');
}

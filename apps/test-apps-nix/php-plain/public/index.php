<?php
declare(strict_types=1);

require __DIR__ . '/../lib/page.php';

$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
match ($path) {
    '/' => page('A few pages', 'It is served by PHP ' . PHP_MAJOR_VERSION . ', from files that nobody can change.'),
    '/sitemap.xml' => sitemap(['/', '/about']),
    '/visits' => visits(),
    default => missing($path),
};

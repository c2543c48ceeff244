<?php
declare(strict_types=1);

/** @return array{title: string, footer: string, database: string} */
function settings(): array
{
    return require __DIR__ . '/config/settings.php';
}

function database(): PDO
{
    $database = new PDO('sqlite:' . settings()['database']);
    // Several workers write to one file.
    $database->exec('PRAGMA busy_timeout = 5000');
    return $database;
}

<?php

// Runs the numbered files of migrations/ that the database has not seen, in order. `--greet NAME` writes a first entry.
require __DIR__ . '/database.php';

if (($argv[1] ?? '') === '--greet') {
    $entry = database()->prepare('INSERT INTO entries (name, text) VALUES (?, ?)');
    $entry->execute([$argv[2], 'Welcome!']);
    echo "greeted\n";
    exit(0);
}

database()->exec('CREATE TABLE IF NOT EXISTS migrations (name VARCHAR(100) PRIMARY KEY)');
$done = database()->query('SELECT name FROM migrations')->fetchAll(PDO::FETCH_COLUMN);
foreach (glob(__DIR__ . '/migrations/[0-9]*.sql') as $file) {
    $name = basename($file);
    if (in_array($name, $done, true)) {
        continue;
    }
    echo "migration $name\n";
    try {
        // MariaDB commits each change of a table by itself, so a file holds one change: half of it is never left.
        database()->exec(file_get_contents($file));
    } catch (PDOException $error) {
        fwrite(STDERR, "$name failed: {$error->getMessage()}\n");
        exit(1);
    }
    database()->prepare('INSERT INTO migrations (name) VALUES (?)')->execute([$name]);
}

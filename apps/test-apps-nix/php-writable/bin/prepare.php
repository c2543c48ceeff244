<?php
declare(strict_types=1);

require __DIR__ . '/../guestbook.php';

database()->exec('CREATE TABLE IF NOT EXISTS entries (id INTEGER PRIMARY KEY, text TEXT NOT NULL)');

<?php
declare(strict_types=1);

require __DIR__ . '/../lib/page.php';

page('About', 'A page of its own, at /about.php.');

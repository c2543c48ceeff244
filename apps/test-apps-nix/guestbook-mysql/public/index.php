<?php

require __DIR__ . '/../database.php';

$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);

if ($path === '/entries' && $_SERVER['REQUEST_METHOD'] === 'POST') {
    [$name, $text] = [trim($_POST['name'] ?? ''), trim($_POST['text'] ?? '')];
    if ($name === '' || $text === '') {
        http_response_code(400);
        exit("name and text, please\n");
    }
    database()->prepare('INSERT INTO entries (name, text) VALUES (?, ?)')->execute([$name, $text]);
    header('Location: /', true, 303);
    exit;
}

$entries = database()->query('SELECT name, text FROM entries ORDER BY id')->fetchAll();

if ($path === '/entries') {
    header('Content-Type: application/json');
    exit(json_encode($entries, JSON_UNESCAPED_UNICODE));
}
if ($path !== '/') {
    http_response_code(404);
    exit("Nothing here.\n");
}
?>
<!doctype html>
<title>Guestbook</title>
<h1>Guestbook</h1>
<ul>
<?php foreach ($entries as $entry): ?>
  <li><b><?= htmlspecialchars($entry['name']) ?></b>: <?= htmlspecialchars($entry['text']) ?></li>
<?php endforeach ?>
</ul>
<form method="post" action="/entries">
  <input name="name" placeholder="Name" required> <input name="text" placeholder="Text" required> <button>Sign</button>
</form>

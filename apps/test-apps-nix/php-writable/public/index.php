<?php
declare(strict_types=1);

require __DIR__ . '/../guestbook.php';

if ($_SERVER['REQUEST_METHOD'] === 'POST') {
    database()->prepare('INSERT INTO entries (text) VALUES (?)')->execute([trim($_POST['text'] ?? '')]);
    header('location: /', true, 303);
    exit;
}
$title = htmlspecialchars(settings()['title']);
?>
<!doctype html>
<html lang="en"><meta charset="utf-8"><title><?= $title ?></title>
<h1><?= $title ?></h1>
<form method="post"><input name="text" required> <button>Write</button></form>
<ul>
<?php foreach (database()->query('SELECT text FROM entries ORDER BY id') as $entry): ?>
<li><?= htmlspecialchars($entry['text']) ?></li>
<?php endforeach ?>
</ul>
</html>

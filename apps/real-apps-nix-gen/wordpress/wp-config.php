<?php
// WordPress' settings, all of them from the environment that Hop3 gives the app.

$setting = static function (string $name, ?string $otherwise = null): string {
    $value = getenv($name);
    if ($value === false && $otherwise === null) {
        error_log("wp-config.php: the variable $name is not set");
        http_response_code(503);
        exit(1);
    }
    return $value === false ? $otherwise : $value;
};

define('DB_NAME', $setting('MYSQL_DATABASE'));
define('DB_USER', $setting('MYSQL_USER'));
define('DB_PASSWORD', $setting('MYSQL_PASSWORD'));
define('DB_HOST', $setting('MYSQL_HOST', '127.0.0.1') . ':' . $setting('MYSQL_PORT', '3306'));
define('DB_CHARSET', 'utf8mb4');
define('DB_COLLATE', '');
$table_prefix = 'wp_';

foreach (['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE'] as $use) {
    define("{$use}_KEY", $setting("{$use}_KEY"));
    define("{$use}_SALT", $setting("{$use}_SALT"));
}

// nginx speaks https with the browser, and http with PHP.
if (($_SERVER['HTTP_X_FORWARDED_PROTO'] ?? '') === 'https') {
    $_SERVER['HTTPS'] = 'on';
}
$address = $setting('HOP3_PUBLIC_URL', '');
if ($address !== '') {
    define('WP_HOME', $address);
    define('WP_SITEURL', $address);
}
unset($setting, $use, $address);

// A release brings WordPress itself; themes and plugins are the authors' own.
define('WP_AUTO_UPDATE_CORE', false);
define('FS_METHOD', 'direct');
define('WP_DEBUG', getenv('WP_DEBUG') === 'true');

if (!defined('ABSPATH')) {
    define('ABSPATH', __DIR__ . '/');
}
require_once ABSPATH . 'wp-settings.php';

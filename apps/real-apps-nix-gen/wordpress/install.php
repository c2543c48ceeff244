<?php
// Run before the site starts: makes the tables and the administrator's account, or brings the tables up to this release.

if (PHP_SAPI !== 'cli') {
    http_response_code(404);
    exit;
}
// WordPress wants to know whose site it is before anybody has asked for a page.
$address = parse_url(getenv('HOP3_PUBLIC_URL') ?: 'http://localhost');
$_SERVER['HTTP_HOST'] = $address['host'] . (isset($address['port']) ? ":{$address['port']}" : '');
$_SERVER['REQUEST_URI'] = '/';
define('WP_INSTALLING', true);

require __DIR__ . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';

if (is_blog_installed()) {
    wp_upgrade();
    exit;
}
$account = array_map('getenv', ['HOP3_ADMIN_USER', 'HOP3_ADMIN_EMAIL', 'HOP3_ADMIN_PASSWORD']);
if (in_array(false, $account, true)) {
    fwrite(STDERR, "install.php: HOP3_ADMIN_USER, HOP3_ADMIN_EMAIL and HOP3_ADMIN_PASSWORD must be set ([admin] in hop3.toml)\n");
    exit(1);
}
// No mail: there may be nothing to send it with.
function wp_new_blog_notification(): void
{
}
[$user, $email, $password] = $account;
wp_install(getenv('SITE_TITLE') ?: 'A new site', $user, $email, true, '', $password);
echo "WordPress is installed; the account is $user\n";

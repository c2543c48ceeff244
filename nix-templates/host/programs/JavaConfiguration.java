import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collections;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** Writes the configuration that a JDK's jmods hold into a Java home. Arguments: the JDK, the home. */
class JavaConfiguration {
    public static void main(String[] args) throws IOException {
        Path jdk = Path.of(args[0]);
        Path home = Path.of(args[1]);
        try (DirectoryStream<Path> jmods = Files.newDirectoryStream(jdk.resolve("jmods"), "*.jmod")) {
            for (Path jmod : jmods) {
                // A jmod is a zip file behind four bytes of its own.
                try (ZipFile zip = new ZipFile(jmod.toFile())) {
                    for (ZipEntry entry : Collections.list(zip.entries())) {
                        if (!entry.isDirectory() && wanted(entry.getName(), jdk)) write(zip, entry, home);
                    }
                }
            }
        }
    }

    /** All of conf/, and what lib/ has as a link that leads out of /usr. */
    static boolean wanted(String name, Path jdk) {
        if (name.startsWith("conf/")) return true;
        return name.startsWith("lib/") && Files.isSymbolicLink(jdk.resolve(name)) && !Files.exists(jdk.resolve(name));
    }

    static void write(ZipFile zip, ZipEntry entry, Path home) throws IOException {
        Path file = home.resolve(entry.getName());
        Files.createDirectories(file.getParent());
        Files.copy(zip.getInputStream(entry), file, StandardCopyOption.REPLACE_EXISTING);
    }
}

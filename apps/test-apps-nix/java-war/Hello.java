import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;

/** A small web server of Java's own library. Its argument is the port. */
public class Hello {
    public static void main(String[] args) throws IOException {
        String address = System.getenv().getOrDefault("BIND_ADDRESS", "127.0.0.1");
        HttpServer server = HttpServer.create(new InetSocketAddress(address, Integer.parseInt(args[0])), 0);
        server.setExecutor(Executors.newFixedThreadPool(4));
        server.createContext("/", Hello::answer);
        server.start();
    }

    static void answer(HttpExchange exchange) throws IOException {
        switch (exchange.getRequestURI().getPath()) {
            case "/":
                say(exchange, 200, System.getProperty("greeting") + " from Java, this is "
                    + System.getenv().getOrDefault("HOP3_RELEASE", "no release") + "\n");
                break;
            case "/healthz":
                say(exchange, 200, "ok\n");
                break;
            case "/java":
                say(exchange, 200, System.getProperty("java.home") + "\n" + System.getProperty("java.specification.version") + "\n");
                break;
            default:
                say(exchange, 404, "nothing there\n");
        }
    }

    static void say(HttpExchange exchange, int status, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
        exchange.sendResponseHeaders(status, bytes.length);
        try (OutputStream body = exchange.getResponseBody()) {
            body.write(bytes);
        }
    }
}

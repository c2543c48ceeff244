{ pkgs ? import <nixpkgs> { } }:
let
  server = pkgs.writeText "wrong-port.mjs" ''
    import { createServer } from 'node:http';

    // A fixed port, where $PORT was meant. The next free one from 3000 on, so that two of these can be tried at once.
    const server = createServer((_request, response) => response.end('hello\n'));
    const listen = (port) => server.listen(port, '127.0.0.1');
    server.on('listening', () => console.log("listening on 127.0.0.1:" + server.address().port));
    server.on('error', (error) => { if (error.code !== 'EADDRINUSE') throw error; listen(next++); });
    let next = 3001;
    listen(3000);
  '';
in
{
  package = pkgs.writeTextDir "hop3/runtime.json" (builtins.toJSON { workers.web = "${pkgs.nodejs}/bin/node ${server}"; });
}

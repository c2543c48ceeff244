// A web server of Go's standard library alone.
package main

import (
	_ "embed"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
)

// Set by the linker; see go-ldflags in hop3.toml.
var version = "dev"

//go:embed greeting.txt
var greeting string

func main() {
	http.HandleFunc("/", func(response http.ResponseWriter, request *http.Request) {
		fmt.Fprintf(response, "%sgo-http %s, release %s\n", greeting, version, os.Getenv("HOP3_RELEASE"))
	})
	http.HandleFunc("/healthz", func(response http.ResponseWriter, request *http.Request) {
		fmt.Fprintln(response, "ok")
	})
	address := net.JoinHostPort(os.Getenv("BIND_ADDRESS"), os.Getenv("PORT"))
	log.Printf("listening on %s", address)
	log.Fatal(http.ListenAndServe(address, nil))
}

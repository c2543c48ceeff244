// The floor's web server: git's own http-backend behind HTTP Basic authentication, and nothing else.
//
//	http-backend <address> <http-backend program> <directory of repositories> <user> <password>
//
// Go, since its CGI server was measured to cost less for a push than one of Node (32.7 ms beside 34.2 ms).
package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/cgi"
	"os"
)

func main() {
	address, program, repositories, user, password := os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5]
	backend := &cgi.Handler{
		Path: program, Root: "/", InheritEnv: []string{"HOME", "NIX_REMOTE"},
		// http-backend takes a push only from somebody whom the web server knows.
		Env: []string{"GIT_PROJECT_ROOT=" + repositories, "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER=" + user},
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("ready")
	err = http.Serve(listener, http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		if name, word, _ := request.BasicAuth(); name != user || word != password {
			answer.Header().Set("WWW-Authenticate", `Basic realm="floor"`)
			http.Error(answer, "who are you?", http.StatusUnauthorized)
			return
		}
		// Of a body without a length git reads to the end; Go's server would refuse it to any CGI program.
		request.TransferEncoding = nil
		backend.ServeHTTP(answer, request)
	}))
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

# about: the Go binding against llama-server with a small real model: an answer, and one that is stopped
# group: bindings
# needs: go=golang gcc=gcc pkg-config=pkg-config python3=python3 apt-get=apt dpkg-deb=dpkg
if ! tests/model/fetch; then
    skip go-model 'the server or the model could not be fetched; see the log'
    exit 0
fi
prepare_go
start_model_server
go_tests model 120 -run '^TestRealModel' .

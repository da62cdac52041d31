// What is found in the texts that programs are configured with.
#include "policy/network/address.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <string>

namespace cloudlab::policy::network {
namespace {

/// The addresses of `text` in one line: "url http cart 8080; word db".
std::string Found(std::string_view text) {
  static constexpr std::array<const char*, 6> kShapes = {"url",    "host:port", "pair",
                                                         "spaced", "whole",     "word"};
  std::string line;
  for (const Address& address : FindAddresses(text)) {
    if (!line.empty()) line += "; ";
    line += kShapes[static_cast<std::size_t>(address.shape)];
    for (const std::string_view part : {address.scheme, address.host, address.port_name}) {
      if (!part.empty()) line.append(" ").append(part);
    }
    if (address.port) line += " " + std::to_string(*address.port);
  }
  return line;
}

TEST_CASE("addresses in texts", "[policy][network]") {
  struct Row {
    const char* text;
    const char* found;
  };
  const auto row = GENERATE(values<Row>({
      // URLs
      {"http://cart:8080", "url http cart 8080"},
      {"https://cart.shop.svc.cluster.local/api?next=http",
       "url https cart.shop.svc.cluster.local"},
      {"grpc://cart:7070/", "url grpc cart 7070"},
      {"http://cart.", "url http cart"},
      {"see http://cart:80/x, or http://web:81.",
       "word see; url http cart 80; word or; url http web 81"},
      {"postgres://user:p@ss@db:5432/shop?sslmode=disable", "url postgres db 5432"},
      {"postgresql://db/shop", "url postgresql db"},
      {"amqp://guest:guest@queue:5672/%2f", "url amqp queue 5672"},
      {"redis://:secret@cache:6379/0", "url redis cache 6379"},
      {"mongodb://u:p@m-0.mongo:27017,m-1.mongo:27017/db?replicaSet=rs0",
       "url mongodb m-0.mongo 27017; host:port m-1.mongo 27017; word rs0"},
      {"mongodb+srv://cluster0.example.net/db", "url srv cluster0.example.net"},
      {"unix:///var/run/app.sock", ""},
      {"file:///etc/app.conf", ""},
      {"sqlite:///shop.sqlite", ""},
      {"http://[::1]:8080", ""},
      {"http://[fd00::7]:8080/x", "url http fd00::7 8080"},
      {"dns:///cart:7070", "url dns cart 7070"},
      {"http://$(HOST):80", ""},
      {"http://${HOST}:80", ""},
      {"tcp://10.0.0.7:2375", "url tcp 10.0.0.7 2375"},
      {"http://[1:2:3]:80", ""},
      {"http://[a:1:b]:80", ""},
      {"tcp://010.001.002.003:80", ""},
      {"10.0.0.256:80", ""},
      // A password with a slash: who is the host?
      {"postgres://shop.user:hunter2/xyz@db:5432/shop", ""},
      {"http://cart:80/x@y", "url http cart 80"},
      // JDBC
      {"jdbc:postgresql://db:5432/shop", "url postgresql db 5432"},
      {"jdbc:mysql://db/shop?useSSL=false", "url mysql db"},
      {"jdbc:sqlserver://db:1433;databaseName=shop", "url sqlserver db 1433; word shop"},
      {"jdbc:oracle:thin:@db:1521:xe", "host:port db 1521"},
      {"jdbc:oracle:thin:@//db:1521/xe", "host:port db 1521"},
      // host:port
      {"cart:8080", "host:port cart 8080"},
      {"a:1,b:2", "host:port a 1; host:port b 2"},
      {"a:1;b:2 c:3", "host:port a 1; host:port b 2; host:port c 3"},
      {"user:pw@tcp(db:3306)/shop", "host:port db 3306"},
      {"[\"a:1\",\"b:2\"]", "host:port a 1; host:port b 2"},
      {"10.1.2.3:53", "host:port 10.1.2.3 53"},
      {"PLAINTEXT://kafka:9092,CONTROLLER://kafka:9093",
       "url PLAINTEXT kafka 9092; url CONTROLLER kafka 9093"},
      {"0.0.0.0:8080", ""},
      {":8080", ""},
      {"localhost:8080", ""},
      {"127.0.0.1:8080", ""},
      {"10:30", ""},
      {"registry.example/shop/cart:7", ""},
      {"cart:latest", ""},
      {"cart:70000", ""},
      {"zk-0.zk:2888:3888:participant", "host:port zk-0.zk 2888; host:port zk-0.zk 3888"},
      {"1@m-0.m:9093,2@m-1.m:9093", "host:port m-0.m 9093; host:port m-1.m 9093"},
      {"resolver:///cart:7070", "url resolver cart 7070"},
      // SRV records
      {"_grpc._tcp.cart", "host:port cart grpc"},
      {"dnssrv+_grpc._tcp.cart.shop.svc", "host:port cart.shop.svc grpc"},
      {"dnssrv+_grpc._tcp.cart.shop:9090", "host:port cart.shop 9090"},
      {"_MY._TCP.cart", ""},
      // Connection strings
      {"Host=db;Port=5432;Username=u;Password=p", "pair db 5432"},
      {"host=db port=5432 user=u password=p dbname=shop", "pair db 5432"},
      {"Server=tcp:db,1433;Database=shop", "pair db 1433"},
      {"Data Source=db;Initial Catalog=shop", "pair db"},
      {"Server=db\\main,1433;Database=shop", "pair db 1433"},
      {"host=db-0.db,db-1.db port=5432 user=u", "pair db-0.db 5432; pair db-1.db 5432"},
      {"host=db,port=5432,user=u", "pair db 5432"},
      {"{ host = \"db\", port = 5432 }", "pair db 5432"},
      {"tls host=\"db\" port=\"5432\"", "pair db 5432"},
      {"jdbc:oracle:thin:@(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=db)(PORT=1521)))",
       "pair db 1521"},
      {"host=db", "pair db"},
      {"set host=db", "word set; word db"},
      {"host=/run/sockets dbname=shop", "word shop"},
      // Words
      {"cart", "whole cart"},
      {" cart \n", "whole cart"},
      {"cart.shop.svc", "whole cart.shop.svc"},
      {"--redis-host=cart", "word cart"},
      {"--redis cart", "word cart"},
      {"nc -z cart 8080", "word nc; spaced cart 8080"},
      {"cart 8080x", "word cart; word 8080x"},
      {"upstream cart and db", "word upstream; word cart; word and; word db"},
      {"/etc/cart/config.yaml", ""},
      {"5432", ""},
      {"true", "whole true"},
      {"", ""},
      {"MY_NAME", ""},
  }));
  INFO(row.text);
  CHECK(Found(row.text) == row.found);
}

TEST_CASE("a text of any bytes is read to its end", "[policy][network]") {
  std::string text;
  for (int i = 0; i < 256; ++i) text += static_cast<char>(i);
  for (const char* end :
       {"://", "a://", "a:1", "[", "[:", "[::]:", "host=", "a://b@", "a://[", "a:"}) {
    CHECK_NOTHROW(FindAddresses(text + end));
    CHECK_NOTHROW(FindAddresses(end));
  }
}

}  // namespace
}  // namespace cloudlab::policy::network

// Connects with one client, by nothing but the variables of a pod, and prints its version.
package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/jackc/pgx/v5"
	_ "github.com/lib/pq"
	"github.com/nats-io/nats.go"
	"github.com/redis/go-redis/v9"
)

var clients = map[string]func() error{
	"github.com/jackc/pgx/v5": func() error {
		connection, err := pgx.Connect(context.Background(), os.Getenv("DATABASE_URL"))
		if err != nil {
			return err
		}
		return connection.Ping(context.Background())
	},
	"github.com/lib/pq": func() error {
		database, err := sql.Open("postgres", os.Getenv("DATABASE_URL"))
		if err != nil {
			return err
		}
		return database.Ping()
	},
	"github.com/redis/go-redis/v9": func() error {
		options, err := redis.ParseURL(os.Getenv("REDIS_URL"))
		if err != nil {
			return err
		}
		options.DialTimeout = 30 * time.Second
		return redis.NewClient(options).Ping(context.Background()).Err()
	},
	"github.com/nats-io/nats.go": func() error {
		connection, err := nats.Connect(os.Getenv("NATS_URL"), nats.Timeout(30*time.Second))
		if err != nil {
			return err
		}
		return connection.Flush()
	},
}

func main() {
	name := os.Args[1]
	if err := clients[name](); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		if module.Path == name {
			fmt.Printf("%s on %s\n", module.Version, runtime.Version())
		}
	}
}

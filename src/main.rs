//! The fake-apiserver binary.
use fake_apiserver::FakeApiServer;
#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut b = FakeApiServer::builder();
    let args: Vec<String> = std::env::args().collect();
    if args.len() > 1 {
        b = b.token_file(&args[1]).rbac(Vec::<serde_json::Value>::new());
    }
    let s = b
        .bind((
            [127, 0, 0, 1],
            args.get(2).and_then(|p| p.parse().ok()).unwrap_or(0),
        ))
        .start()
        .await;
    println!("{}", s.url());
    std::future::pending::<()>().await;
}

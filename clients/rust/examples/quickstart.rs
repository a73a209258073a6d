//! Streams an answer, paints a picture and saves it, and asks about it.
//!
//! `cargo run --example quickstart [CHAT_MODEL [IMAGE_MODEL]]`. Without arguments it uses the gateway's embedded sandbox;
//! `RINGMAIN_TARGET` names another gateway than `127.0.0.1:50051`. It waits for one that is starting.

use std::error::Error;
use std::io::{Write, stdout};
use std::time::Duration;

use ringmain::Client;
use ringmain::v1::{GenerateImagesRequest, Media, Message, Part};

const PICTURE: &str = "picture.png";

async fn stream_chat(client: &Client) -> Result<(), ringmain::Error> {
    let mut stream = client.stream_chat("What is a ring main?").await?;
    while let Some(event) = stream.message().await? {
        print!("{}", event.text());
        _ = stdout().flush();
    }
    println!();
    Ok(())
}

async fn paint(client: &Client, model: String) -> Result<(), Box<dyn Error>> {
    let prompt = "A ring main at dusk".to_owned();
    let painted = client.generate_images(GenerateImagesRequest { model, prompt, ..Default::default() }).await?;
    painted.images.first().ok_or("no picture came")?.save(PICTURE)?;
    println!("Saved {PICTURE}.");
    Ok(())
}

async fn ask_about(client: &Client) -> Result<(), Box<dyn Error>> {
    let question = Message::user([Part::from("What is in this picture?"), Media::from_file(PICTURE)?.into()]);
    println!("{}", client.chat(vec![question]).await?.text());
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let chat_model = arguments.next().unwrap_or("sandbox/chat".to_owned());
    let image_model = arguments.next().unwrap_or("sandbox/image".to_owned());
    let client = Client::builder().model(chat_model).timeout(Duration::from_secs(300)).wait_for_ready(true).build()?;
    stream_chat(&client).await?;
    paint(&client, image_model).await?;
    ask_about(&client).await
}

//! The page of the flows: fields and buttons, and a part that moves all the time when it is asked for.

use std::fmt::Write;

use anyhow::Result;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::FIELDS;

/// Serves the page. Answers its address.
pub(super) async fn serve() -> Result<String> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let url = format!("http://{}/", listener.local_addr()?);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream));
        }
    });
    Ok(url)
}

async fn answer(mut stream: TcpStream) -> Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let moves = request.starts_with(b"GET /moving");
    let page = page(moves)?;
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        page.len()
    );
    stream.write_all((head + &page).as_bytes()).await?;
    Ok(())
}

fn page(moves: bool) -> Result<String> {
    let mut page = String::from(
        "<!doctype html><title>Flow</title><link rel=icon href='data:,'><p id=result></p>",
    );
    for field in 0..FIELDS {
        write!(
            page,
            "<p><input id=field-{field}> <button id=button-{field} onclick=count()>Save {field}</button></p>"
        )?;
    }
    page.push_str("<script>let clicks = 0; function count() { document.getElementById('result').textContent = `clicks ${++clicks}`; }</script>");
    if moves {
        page.push_str(
            "<div id=dot style='position: fixed; width: 40px; height: 40px; background: red'></div><script>\
             const move = at => { dot.style.left = `${at % 1800}px`; dot.style.top = `${at / 3 % 1000}px`; requestAnimationFrame(move); };\
             const dot = document.getElementById('dot'); requestAnimationFrame(move);</script>",
        );
    }
    Ok(page)
}

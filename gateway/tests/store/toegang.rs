//! The rules of `ToegangStore`, which every engine keeps.

use stagepoort::access::{AppendError, open_toegang};

use crate::{
    engine::{Database, Engine, on_every_engine},
    samples::at,
};

on_every_engine! {
    versions_count_up_and_the_newest_is_found,
    of_two_that_compared_with_the_same_version_one_is_told,
}

async fn versions_count_up_and_the_newest_is_found(engine: Engine) {
    let database = Database::new(engine).await;
    let store = open_toegang(database.opslag()).await.unwrap();
    assert_eq!(store.newest().await.unwrap(), None);
    assert_eq!(store.head().await.unwrap(), None);
    let first = store.append(0, "een", at(1)).await.unwrap();
    let second = store.append(1, "twee", at(2)).await.unwrap();
    assert_eq!((first.versie, second.versie), (1, 2));
    store.close().await;

    let store = open_toegang(database.opslag()).await.unwrap();
    assert_eq!(store.head().await.unwrap(), Some(second.head()));
    assert_eq!(store.newest().await.unwrap(), Some(second));
}

async fn of_two_that_compared_with_the_same_version_one_is_told(engine: Engine) {
    let database = Database::new(engine).await;
    let one = open_toegang(database.opslag()).await.unwrap();
    let other = open_toegang(database.opslag()).await.unwrap();
    one.append(0, "een", at(1)).await.unwrap();
    let error = other.append(0, "twee", at(2)).await.unwrap_err();
    assert!(matches!(error, AppendError::Overtaken { newest: 1 }));
    let skipping = other.append(2, "twee", at(2)).await.unwrap_err();
    assert!(matches!(skipping, AppendError::Overtaken { newest: 1 }));
    assert_eq!(one.newest().await.unwrap().unwrap().document, "een");
}

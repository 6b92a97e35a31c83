//! Where news of the awaited objects come from.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use futures::future::try_join_all;
use pintle_value::Data;
use tokio::sync::mpsc;

use super::has_pods;
use crate::read::{Selection, typed};
use crate::watch::{Event, Extent, Subject};
use crate::{Error, Gvk, ObjectKey, ObjectRef, Scope, Target};

/// What became known.
#[derive(Debug)]
pub(super) enum News {
    /// An awaited object is as given; `None` where it is not there.
    Object(ObjectKey, Option<Data>),
    /// A Pod that an awaited object may own.
    Pod(Data),
    /// Such a Pod is gone.
    PodGone(Data),
}

/// The awaited objects of one kind in one namespace.
pub(super) struct Wanted {
    pub(super) subject: Subject,
    pub(super) objects: HashMap<String, ObjectRef>,
}

impl Target {
    /// Sorts the awaited objects by kind and namespace. A kind that is not served has no objects, which is right for
    /// those that should be gone.
    pub(super) async fn wanted(
        &self,
        scope: &Scope,
        objects: &[ObjectRef],
        gone: bool,
    ) -> Result<Vec<Wanted>, Error> {
        let mut groups: BTreeMap<(&Gvk, Option<&str>), HashMap<String, ObjectRef>> = BTreeMap::new();
        for object in objects {
            let group = groups.entry((&object.gvk, object.namespace.as_deref())).or_default();
            group.insert(object.name.clone(), object.clone());
        }
        let mut wanted = Vec::new();
        for ((gvk, namespace), objects) in groups {
            let resource = match self.resource(scope, gvk).await {
                Ok(resource) => resource,
                Err(Error::UnknownKind { .. }) if gone => crate::Resource::unserved(gvk),
                Err(error) => return Err(error),
            };
            let mut selection = Selection::all();
            if let (1, Some(name)) = (objects.len(), objects.keys().next()) {
                selection = selection.and_fields(format!("metadata.name={name}"));
            }
            let extent = if gone { Extent::Metadata } else { Extent::Whole };
            let namespace = namespace.map(str::to_owned);
            wanted.push(Wanted { subject: Subject { resource, namespace, selection, extent }, objects });
        }
        Ok(wanted)
    }

    /// Tells the news of all awaited objects until the scope ends.
    pub(super) async fn follow_all(
        &self,
        scope: &Scope,
        wanted: Vec<Wanted>,
        poll: Duration,
        news: mpsc::Sender<News>,
    ) -> Result<(), Error> {
        let mut pods: HashMap<Option<String>, Subject> = HashMap::new();
        for group in wanted.iter().filter(|group| group.subject.extent == Extent::Whole && has_pods(group)) {
            let namespace = group.subject.namespace.clone();
            let resource = self.resource(scope, &Gvk::new("", "v1", "Pod")).await?;
            pods.entry(namespace.clone()).or_insert_with(|| Subject {
                resource,
                namespace,
                selection: Selection::all(),
                extent: Extent::Whole,
            });
        }
        let pods = pods.values().map(|subject| self.follow_pods(scope, subject, &news));
        let objects = wanted.iter().map(|group| self.follow_group(scope, group, poll, &news));
        futures::try_join!(try_join_all(objects), try_join_all(pods))?;
        Ok(())
    }

    async fn follow_group(
        &self,
        scope: &Scope,
        group: &Wanted,
        poll: Duration,
        news: &mpsc::Sender<News>,
    ) -> Result<(), Error> {
        if group.subject.resource.plural.is_empty() {
            for object in group.objects.values() {
                tell(news, News::Object(object.key(), None)).await;
            }
            return std::future::pending().await;
        }
        let (sender, mut events) = mpsc::channel(64);
        let following = async {
            let ended = self.follow(scope, &group.subject, &sender).await;
            drop(sender);
            ended
        };
        let telling = async {
            while let Some(event) = events.recv().await {
                group.tell(event, news).await;
            }
        };
        let (ended, ()) = futures::join!(following, telling);
        match ended {
            Err(error) if may_poll(&error) => self.poll_group(scope, group, poll, news).await,
            ended => ended,
        }
    }

    /// Reads the objects again and again.
    async fn poll_group(
        &self,
        scope: &Scope,
        group: &Wanted,
        poll: Duration,
        news: &mpsc::Sender<News>,
    ) -> Result<(), Error> {
        tracing::debug!(cluster = %self.name(), kind = %group.subject.resource.gvk.kind, "polling instead of watching");
        loop {
            for object in group.objects.values() {
                let live = match self.get(scope, object).await {
                    Ok(live) => live,
                    Err(error) if error.class() == crate::Class::Retry => {
                        scope.check()?;
                        continue;
                    }
                    Err(error) => return Err(error),
                };
                tell(news, News::Object(object.key(), live)).await;
            }
            scope.sleep(poll).await?;
        }
    }

    /// Tells of Pods. Whoever may not watch them learns less about failures, and waits all the same.
    async fn follow_pods(
        &self,
        scope: &Scope,
        subject: &Subject,
        news: &mpsc::Sender<News>,
    ) -> Result<(), Error> {
        let (sender, mut events) = mpsc::channel(64);
        let following = async {
            let ended = self.follow(scope, subject, &sender).await;
            drop(sender);
            ended
        };
        let telling = async {
            while let Some(event) = events.recv().await {
                match event {
                    Event::All(pods) => {
                        for pod in pods {
                            tell(news, News::Pod(typed(pod, &subject.resource.gvk))).await;
                        }
                    }
                    Event::Changed(pod) => tell(news, News::Pod(pod)).await,
                    Event::Gone(pod) => tell(news, News::PodGone(pod)).await,
                }
            }
        };
        match futures::join!(following, telling) {
            (Err(error), ()) if may_poll(&error) => std::future::pending().await,
            (ended, ()) => ended,
        }
    }
}

impl Wanted {
    async fn tell(&self, event: Event, news: &mpsc::Sender<News>) {
        match event {
            Event::All(items) => {
                let mut missing: HashSet<&String> = self.objects.keys().collect();
                for item in items {
                    missing.retain(|name| Some(name.as_str()) != name_of(&item));
                    self.tell_one(item, news).await;
                }
                for object in missing.into_iter().filter_map(|name| self.objects.get(name)) {
                    tell(news, News::Object(object.key(), None)).await;
                }
            }
            Event::Changed(item) => self.tell_one(item, news).await,
            Event::Gone(item) => {
                if let Some(object) = name_of(&item).and_then(|name| self.objects.get(name)) {
                    tell(news, News::Object(object.key(), None)).await;
                }
            }
        }
    }

    async fn tell_one(&self, item: Data, news: &mpsc::Sender<News>) {
        if let Some(object) = name_of(&item).and_then(|name| self.objects.get(name)) {
            tell(news, News::Object(object.key(), Some(typed(item, &object.gvk)))).await;
        }
    }
}

/// Sends; whoever waited may have gone, which ends the followers from outside.
async fn tell(news: &mpsc::Sender<News>, message: News) {
    let _ = news.send(message).await;
}

fn name_of(object: &Data) -> Option<&str> {
    object.at(&["metadata", "name"]).and_then(Data::as_str)
}

/// Whether the objects can perhaps be read although they cannot be listed or watched.
fn may_poll(error: &Error) -> bool {
    error.code().is_some_and(|code| matches!(code, 400 | 403 | 404 | 405))
}

//! Values that are views of data: lists, bytes, and keys that are looked for where they were.

use std::sync::Arc;

use pintle_value::{Data, DataList, List, Map, Number, Str, Value, types};

fn letters() -> DataList {
    ["a", "b", "c"].into_iter().map(Data::from).collect()
}

#[test]
fn a_list_is_a_view_until_its_items_are_asked_for() {
    let data = letters();
    let list = List::from(&data);
    assert_eq!((list.len(), list.capacity()), (3, 3));
    assert_eq!(list.untouched(), Some(&data));
    assert_eq!(Value::List(list.clone()).to_data().unwrap(), Data::List(data.clone()));
    assert_eq!(list.get(1).unwrap().as_str().unwrap(), &"b");
    assert_eq!(list.untouched(), None);
    assert_eq!(Value::List(list).to_data().unwrap(), Data::List(data));
}

#[test]
fn windows_on_a_view_share_its_items() {
    let list = List::from(&letters());
    let tail = list.slice(1, 3).unwrap();
    assert_eq!(tail.untouched(), None, "a part is not the whole");
    list.set(2, Value::from("z"));
    assert_eq!(tail.get(1).unwrap().as_str().unwrap(), &"z");
    assert_eq!(letters().get(2), Some(&Data::from("c")), "the data stays");
}

#[test]
fn bytes_are_items_as_soon_as_somebody_looks() {
    let list = List::bytes(Arc::from(*b"hey"));
    assert_eq!(*list.go_type(), types::BYTES);
    assert_eq!(list.to_bytes(), b"hey");
    assert_eq!(list.slice(1, 3).unwrap().to_bytes(), b"ey");
    assert!(matches!(list.get(0), Some(Value::Number(Number::Uint8(b'h')))));
    list.set(0, Value::Number(Number::Uint8(b'H')));
    assert_eq!(list.to_bytes(), b"Hey");
}

#[test]
fn a_place_is_a_hint_and_nothing_more() {
    let names: Vec<String> = (0..40).map(|number| format!("key-{number:02}")).collect();
    let data: Data = names.iter().map(|name| (name.as_str(), Data::from(name))).collect();
    let view = Map::view(data.as_map().unwrap().clone());
    let copy: Map = view.entries().into_iter().collect();
    let fresh = Map::view(data.as_map().unwrap().clone());
    for map in [&fresh, &copy] {
        for start in [0, 7, 39, 40, usize::MAX] {
            for name in &names {
                let (key, mut place) = (Str::from(name.as_str()), start);
                for _ in 0..2 {
                    assert_eq!(map.get_near(&key, &mut place).unwrap().as_str().unwrap(), &name.as_str());
                }
            }
            let mut place = start;
            assert!(map.get_near(&Str::from("key"), &mut place).is_none());
            assert_eq!(place, start);
        }
    }
}

#[test]
fn of_two_members_with_one_key_the_later_one_stays() {
    let map: Map = [("b", 1_i64), ("a", 2), ("b", 3)]
        .map(|(key, value)| (key, Value::from(value)))
        .into_iter()
        .collect();
    assert_eq!(map.len(), 2);
    assert!(matches!(map.get("b"), Some(Value::Int(3))));
}

#[test]
fn strings_are_ordered_by_their_bytes() {
    let mut texts: Vec<Vec<u8>> = vec![vec![]];
    for length in [1, 7, 8, 9, 22, 23, 24] {
        for last in [0, 1, 0x7F, 0x80, 0xFF] {
            let mut text = vec![b'k'; length - 1];
            text.push(last);
            texts.push(text);
        }
    }
    let shared = |text: &Vec<u8>| Str::from(Arc::<[u8]>::from(text.as_slice()));
    for a in &texts {
        for b in &texts {
            let expected = a.cmp(b);
            assert_eq!(Str::from_bytes(a).cmp(&Str::from_bytes(b)), expected, "{a:?} {b:?}");
            assert_eq!(shared(a).cmp(&Str::from_bytes(b)), expected, "{a:?} {b:?}");
            let map: Map = [(Str::from_bytes(a), Value::Bool(true))].into_iter().collect();
            assert_eq!(map.contains_key(b), expected.is_eq());
        }
    }
}

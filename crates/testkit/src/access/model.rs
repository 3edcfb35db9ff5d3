//! A plan as the model sees it, and plans after the changes that the model names.

use super::plan::{Offer, Plan, skeleton};
use std::collections::BTreeMap;
use whodenied_access::{Change, FileSystem, Inode, Mount, NodeId, Tree, Way, World};

/// A plan as the model sees it.
#[derive(Debug, Clone)]
pub struct Model {
    /// The world.
    pub tree: Tree,
    /// Node, whichever mount it is seen through → zone and index in it.
    places: BTreeMap<u64, (usize, usize)>,
}

/// The half of a node's number that does not tell the mount.
const fn entry_of(node: NodeId) -> u64 {
    node.0 & 0xffff_ffff
}

impl Model {
    /// The plan after the changes of a way; `None` where one is of something that is not planned: the
    /// directories that hold the world together, and sysctls.
    #[must_use]
    pub fn changed(&self, plan: &Plan, way: &Way) -> Option<Plan> {
        let world = way.world(&self.tree);
        let mut plan = plan.clone();
        for change in &way.changes {
            match *change {
                Change::Join(_) | Change::Gain(_) | Change::Bound(_) => {}
                Change::List { node, .. }
                | Change::AddMode { node, .. }
                | Change::Own { node, .. }
                | Change::Unstick(node)
                | Change::NoFileCapabilities(node)
                | Change::NotImmutable(node)
                | Change::NotAppendOnly(node) => {
                    let (zone, index) = *self.places.get(&entry_of(node))?;
                    let zone = &mut plan.zones[zone].nodes;
                    let index = zone[index].link_to.unwrap_or(index);
                    let inode = world.inode(node)?.into_owned();
                    zone[index].inode = Inode { number: 0, empty: true, ..inode };
                }
                Change::Remount(node, _) => {
                    let mount = world.mount(node)?;
                    let options = &mut plan.options;
                    let option = match mount.id {
                        2 => &mut options.bind,
                        3 => &mut options.inner,
                        4 => &mut options.sealed,
                        5 => &mut options.disk,
                        6 => &mut options.mapped,
                        7 => &mut options.foreign,
                        8 => &mut options.overlay,
                        _ => return None,
                    };
                    *option = Mount { id: 0, maps: None, ..mount.into_owned() };
                }
                Change::RemountWritable(_) => plan.options.read_only = false,
                _ => return None,
            }
        }
        Some(plan)
    }
}

/// The model of a plan.
#[must_use]
pub fn model(plan: &Plan, offer: &Offer) -> Model {
    let mount = |mount: &Mount, id: u64| Mount { id, ..mount.clone() };
    let system = |id: u64| FileSystem::new(id);
    let mut tree = Tree::new(system(1), Mount { id: 1, ..Mount::default() }, skeleton());
    tree.settings = offer.settings;
    let root = whodenied_access::World::root(&tree);
    let top = |index: usize| plan.zones[index].nodes[0].inode.clone();
    let t = tree.add(root, b"t", top(0));
    let mp = tree.add(t, b"mp", skeleton());
    let [b, r] = [b"b".as_slice(), b"r"].map(|name| tree.add(root, name, skeleton()));
    tree.mount_bind(b, t, mount(&plan.options.bind, 2));
    let inner = tree.mount_new(mp, system(2), mount(&plan.options.inner, 3), top(1));
    let read_only = FileSystem { read_only: plan.options.read_only, ..system(3) };
    let sealed = tree.mount_new(r, read_only, mount(&plan.options.sealed, 4), top(2));
    let mut roots = vec![t, inner, sealed];
    if offer.disk {
        let e = tree.add(root, b"e", skeleton());
        roots.push(tree.mount_new(
            e,
            FileSystem { strict_flags: true, ..system(4) },
            mount(&plan.options.disk, 5),
            top(3),
        ));
    }
    if let Some(namespace) = &offer.foreign {
        let u = tree.add(root, b"u", skeleton());
        let fs = FileSystem { namespace: namespace.clone(), no_dev: true, ..system(5) };
        roots.push(tree.mount_new(u, fs, mount(&plan.options.foreign, 7), top(roots.len())));
    }
    if offer.overlay {
        let o = tree.add(root, b"o", skeleton());
        roots.push(tree.mount_new(
            o,
            FileSystem { no_whiteouts: true, ..system(6) },
            mount(&plan.options.overlay, 8),
            top(roots.len()),
        ));
    }
    if let Some(maps) = &plan.maps {
        let i = tree.add(root, b"i", skeleton());
        tree.mount_bind(i, t, Mount { maps: Some(maps.clone()), ..mount(&plan.options.mapped, 6) });
    }
    tree.set_cwd(t);
    let mut places = BTreeMap::new();
    for (which, (zone, root)) in plan.zones.iter().zip(roots).enumerate() {
        let mut ids: Vec<NodeId> = vec![root];
        for spec in zone.nodes.iter().skip(1) {
            let parent = ids[spec.parent.unwrap_or(0)];
            ids.push(match spec.link_to {
                Some(to) => tree.add_link(parent, &spec.name, ids[to]),
                None => tree.add(parent, &spec.name, spec.inode.clone()),
            });
        }
        places.extend(ids.iter().enumerate().map(|(index, id)| (entry_of(*id), (which, index))));
    }
    Model { tree, places }
}

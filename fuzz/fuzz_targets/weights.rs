//! Any bytes as a model card and as a weights file: refused, or exactly what the network is made
//! of.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scrim_detect::card::Card;
use scrim_detect::weights::{Weights, expected_tensors, parse};

fuzz_target!(|data: &[u8]| {
    if let Ok(card) = Card::from_json(data) {
        assert!(card.nms_iou() > 0.0 && card.nms_iou() < 1.0);
        assert!(card.threshold() > 0.0 && card.threshold() < 1.0);
        assert!(!card.weights_file().contains(['/', '\\', '\0']), "a path");
        assert_eq!(card.sha256().len(), 64);
        // Some bytes that do not have that hash.
        assert!(Weights::from_bytes(data, data).is_err());
    }
    if let Ok(tensors) = parse(data) {
        let expected = expected_tensors();
        assert_eq!(tensors.len(), expected.len());
        for (name, shape) in expected {
            let values = tensors.get(&name).expect("every tensor");
            assert_eq!(values.len(), shape.iter().product::<usize>());
            assert!(values.iter().all(|v| v.is_finite()));
        }
    }
});
